import type { AxiosError, AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import { tryRead } from '../core/errcode.js'
import type { Middleware } from '../request/middleware.js'
import { resolvedAdapter } from './adapter.js'
import { withConfig } from './client.js'
import { queryOf } from './inject-token.js'
import { bareUrlOf, copied, limitTime, type WaitingRequest } from './request.js'
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
  send: (outgoing: InternalAxiosRequestConfig) => Promise<AxiosResponse>,
): () => Promise<AxiosResponse> {
  if (sendCounted === undefined) return () => send(config)
  const startedAt = config.timeout ? performance.now() : 0
  return () => {
    const query = queryOf(config, lib)
    const url = tryRead(() => bareUrlOf({ lib, config, url: target, query }))
    if (url === undefined) return send(config)
    const adapter = resolvedAdapter(lib, config.adapter, config)
    const waiting = { config, lib, url: target, query, startedAt, adapter }
    let sendInTime = () => send(config)
    return sendCounted(
      { url, body: config.data },
      {
        wait(place) {
          sendInTime = () => sendLate(waiting, send)
          return waitWithBody(place, waiting).catch((error) => {
            throw withConfig(error, config)
          })
        },
        send: () => sendInTime(),
        read: async ({ headers, data }) => ({ header: headers?.['error-code'], body: data }),
      },
    )
  }
}

/** After a wait a request has the rest of its timeout. Its outcome has the caller's config. */
async function sendLate(
  waiting: WaitingRequest,
  send: (outgoing: InternalAxiosRequestConfig) => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  const { config } = waiting
  if (!config.timeout) return send(config)
  const outgoing = copied(config)
  limitTime(outgoing, waiting)
  // A frozen error keeps ours, which has no token in it.
  const giveBack = (outcome: object) =>
    Reflect.get(outcome, 'config') === outgoing && Reflect.set(outcome, 'config', config)
  try {
    const answer = await send(outgoing)
    giveBack(answer)
    return answer
  } catch (error) {
    const { response } = Object(error) as AxiosError
    for (const outcome of [error, response]) giveBack(Object(outcome))
    throw error
  }
}
