import type { AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import type { Token } from '../core/token.js'
import type { ChooseSource } from '../request/choose-source.js'
import type { Middleware } from '../request/middleware.js'
import { type OwnAdapter, resolvedAdapter } from './adapter.js'
import { callToChooseFor, withConfig } from './client.js'
import { outgoingBody } from './form-data.js'
import { hasCallerToken, queryOf } from './inject-token.js'
import { withoutToken } from './limits.js'
import {
  type Attempt,
  attemptOf,
  type destinationsOf,
  lateAttemptOf,
  newRequestContext,
  type PendingRequest,
  type RequestContext,
  urlTextOf,
} from './request.js'
import { waitWithBody } from './timeout.js'
import { warnIfNotFound, warnIfRefused } from './warnings.js'

/** The state of one `attachToken`. */
export interface Attachment {
  readonly middleware: Middleware
  readonly lib: AxiosStatic
  readonly destinationOf: ReturnType<typeof destinationsOf>
  isDetached: boolean
  /** Sends, and passes the outcome to the response interceptor. */
  send(attempt: Attempt): Promise<AxiosResponse>
}

/** Sends a request with the token of its path. `own`: the adapter to use without us; may be another attach's. */
export function sendWithToken(
  attachment: Attachment,
  config: InternalAxiosRequestConfig,
  own: OwnAdapter,
): Promise<AxiosResponse> {
  const { middleware, lib, destinationOf, isDetached } = attachment
  const send = (outgoing = config) => resolvedAdapter(lib, own, config)(outgoing)
  const url = urlTextOf(config)
  if (isDetached) return send()
  const sendWithoutUs = withoutToken(middleware, { config, lib, url }, send)
  const destination = destinationOf(config, url)
  if (destination === undefined) return warnIfNotFound(middleware, { config, lib }, sendWithoutUs())
  const query = queryOf(config, lib)
  if (middleware.callerToken === 'keep' && hasCallerToken(config, query, destination)) {
    middleware.reportCallerToken(destination)
    return warnIfRefused(middleware, destination, sendWithoutUs())
  }
  const pending = {
    config,
    url,
    query,
    lib,
    destination,
    judge: middleware.judge,
    adapter: resolvedAdapter(lib, config.adapter, config),
    body: outgoingBody(config.data),
    limits: middleware.limits,
  }
  const chooser = middleware.chooserFor(destination, config.tenant)
  if (chooser !== undefined) return chooseAndSend(attachment, pending, chooser, sendWithoutUs)
  const policy = middleware.policies[destination.token]
  if (policy !== undefined)
    return sendWithMemoizedToken(attachment, newRequestContext(pending, policy))
  middleware.reportNoSource(destination)
  return sendWithoutUs()
}

/** Sends in the same turn if the token is memoized; a body that can be sent once needs a fresh token. */
function sendWithMemoizedToken(
  attachment: Attachment,
  context: RequestContext,
): Promise<AxiosResponse> {
  const token = context.body.isSentOnce ? undefined : context.policy.cached()
  if (token === undefined) return awaitTokenAndSend(attachment, context)
  return sendInItsPlace(attachment, context, token, attemptOf)
}

/** The request's timeout includes the time that the choice takes. */
async function chooseAndSend(
  attachment: Attachment,
  pending: PendingRequest,
  chooser: ChooseSource<never>,
  sendWithoutUs: () => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  const { config, destination, body } = pending
  const startedAt = performance.now()
  const choose = async () =>
    attachment.middleware.choose(chooser, destination, callToChooseFor(pending))
  const policy = await waitWithBody(choose(), { ...pending, startedAt }).catch((error) => {
    throw withConfig(error, config)
  })
  if (policy === undefined) {
    if (body.formHeaders === undefined && body.data !== config.data) config.data = body.data
    return sendWithoutUs()
  }
  return awaitTokenAndSend(attachment, newRequestContext(pending, policy, startedAt))
}

async function awaitTokenAndSend(
  attachment: Attachment,
  context: RequestContext,
): Promise<AxiosResponse> {
  const { policy, body } = context
  const token = await waitWithBody(
    (join) => policy.getToken({ fresh: body.isSentOnce, join }),
    context,
  ).catch((error) => {
    throw withConfig(error, context.config)
  })
  return sendInItsPlace(attachment, context, token, lateAttemptOf)
}

/** With call limits the request takes its place first; if it has to wait, there may be a newer token. */
function sendInItsPlace(
  attachment: Attachment,
  context: RequestContext,
  token: Token,
  attempt: typeof lateAttemptOf,
): Promise<AxiosResponse> {
  const place = context.limited?.enter((given) => waitWithBody(given, context))
  if (place === undefined) return attachment.send(attempt(context, token))
  return place.then(
    () => attachment.send(lateAttemptOf(context, context.policy.cached() ?? token)),
    (error) => {
      throw withConfig(error, context.config)
    },
  )
}
