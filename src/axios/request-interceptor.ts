import type { AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import type { ChooseSource } from '../request/choose-source.js'
import type { Middleware } from '../request/middleware.js'
import { type OwnAdapter, resolvedAdapter } from './adapter.js'
import { callToChooseFor, carryingConfig } from './client.js'
import { outgoingBody } from './form-data.js'
import { bringsToken, queryOf } from './inject-token.js'
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
import { noticingNotFound, noticingRefusal } from './warnings.js'

/** What one attach knows. */
export interface Attachment {
  readonly middleware: Middleware
  readonly lib: AxiosStatic
  readonly destinationOf: ReturnType<typeof destinationsOf>
  isDetached: boolean
  /** Sends, and hands what comes to the response interceptor. */
  send(attempt: Attempt): Promise<AxiosResponse>
}

/** Sends a call with the token of its path. `own`: the adapter that goes on without us, be it another attach's. */
export function sendWithToken(
  attachment: Attachment,
  config: InternalAxiosRequestConfig,
  own: OwnAdapter,
): Promise<AxiosResponse> {
  const { middleware, lib, destinationOf, isDetached } = attachment
  const sendWithoutUs = () => resolvedAdapter(lib, own, config)(config)
  const url = urlTextOf(config)
  if (isDetached) return sendWithoutUs()
  const destination = destinationOf(config, url)
  if (destination === undefined)
    return noticingNotFound(middleware, { config, lib }, sendWithoutUs())
  const query = queryOf(config, lib)
  if (middleware.callerToken === 'keep' && bringsToken(config, query, destination)) {
    middleware.standAside(destination)
    return noticingRefusal(middleware, destination, sendWithoutUs())
  }
  const asked = {
    config,
    url,
    query,
    lib,
    destination,
    judge: middleware.judge,
    adapter: resolvedAdapter(lib, config.adapter, config),
    body: outgoingBody(config.data),
  }
  const chooser = middleware.chooserFor(destination, config.tenant)
  if (chooser !== undefined) return sendWhenChosen(attachment, asked, chooser, sendWithoutUs)
  const policy = middleware.policies[destination.token]
  if (policy !== undefined) return sendAtOnce(attachment, newRequestContext(asked, policy))
  middleware.skip(destination)
  return sendWithoutUs()
}

/** At once if the token is memoized; a body that can be sent once waits for one that is fresh. */
function sendAtOnce(attachment: Attachment, call: RequestContext): Promise<AxiosResponse> {
  const token = call.body.isSentOnce ? undefined : call.policy.cached()
  if (token === undefined) return sendWhenThereIsAToken(attachment, call)
  return attachment.send(attemptOf(call, token))
}

/** The choosing is part of the call, and of its timeout. */
async function sendWhenChosen(
  attachment: Attachment,
  asked: PendingRequest,
  chooser: ChooseSource<never>,
  sendWithoutUs: () => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  const { config, destination, body } = asked
  const startedAt = performance.now()
  const choose = async () =>
    attachment.middleware.choose(chooser, destination, callToChooseFor(asked))
  const policy = await waitWithBody(choose(), { ...asked, startedAt }).catch((error) => {
    throw carryingConfig(error, config)
  })
  if (policy === undefined) {
    if (body.formHeaders === undefined && body.data !== config.data) config.data = body.data
    return sendWithoutUs()
  }
  return sendWhenThereIsAToken(attachment, newRequestContext(asked, policy, startedAt))
}

async function sendWhenThereIsAToken(
  attachment: Attachment,
  call: RequestContext,
): Promise<AxiosResponse> {
  const { policy, body } = call
  const token = await waitWithBody(
    (join) => policy.getToken({ fresh: body.isSentOnce, join }),
    call,
  ).catch((error) => {
    throw carryingConfig(error, call.config)
  })
  return attachment.send(lateAttemptOf(call, token))
}
