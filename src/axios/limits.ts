import type { AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import { tryRead } from '../core/errcode.js'
import type { Middleware } from '../request/middleware.js'
import { resolvedAdapter } from './adapter.js'
import { withConfig } from './client.js'
import { queryOf } from './inject-token.js'
import { bareUrlOf } from './request.js'
import { waitWithBody } from './timeout.js'

interface CallWithoutToken {
  readonly config: InternalAxiosRequestConfig
  readonly lib: AxiosStatic
  readonly url: string | undefined
}

/** Sends a request without a token of ours, counted if there are call limits. */
export function withoutToken(
  { sendCounted }: Middleware,
  { config, lib, url: target }: CallWithoutToken,
  send: () => Promise<AxiosResponse>,
): () => Promise<AxiosResponse> {
  if (sendCounted === undefined) return send
  const startedAt = config.timeout ? performance.now() : 0
  return () => {
    const query = queryOf(config, lib)
    const url = tryRead(() => bareUrlOf({ lib, config, url: target, query }))
    if (url === undefined) return send()
    const adapter = resolvedAdapter(lib, config.adapter, config)
    const waiting = { config, lib, url: target, query, startedAt, adapter }
    return sendCounted(
      { url, body: config.data },
      {
        wait: (place) =>
          waitWithBody(place, waiting).catch((error) => {
            throw withConfig(error, config)
          }),
        send,
        read: async ({ headers, data }) => ({ header: headers?.['error-code'], body: data }),
      },
    )
  }
}
