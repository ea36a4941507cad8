import { type Credential, credentialKind } from '../core/credential.js'
import { REFUSED_MODEL_TOKEN, STALE_MODEL_TICKET } from '../wecom/errcodes.js'
import { checkId, checkKeys, type Id, type Secret, secretReader } from './credential-options.js'

const model = /* @__PURE__ */ credentialKind<'modelId'>({
  kind: 'hardware-model',
  tokenName: 'model_access_token',
  tokenKind: 'model',
  tokenInvalidErrcodes: REFUSED_MODEL_TOKEN,
  subjectOf: ({ modelId }) => modelId,
  request: ({ modelId }, modelSecret, { ticket }) => ({
    method: 'POST',
    path: 'openhw/get_model_token',
    body: { model_id: modelId, model_secret: modelSecret, model_ticket: ticket },
  }),
})

/** One hardware model of a manufacturer. */
export interface HardwareModelOptions {
  readonly modelId: Id
  /** The `model_secret`, or a function that returns the current one. */
  readonly modelSecret: Secret
}

/**
 * The `model_access_token` of a hardware model, for `openhw/model/` and as the parent of
 * `hardwareDevice`. Pass the `model_ticket`s that WeCom pushes every 10 min to
 * `source.pushTicket(ticket, { timeStamp })`. Source: document/path/95984.
 *
 * @throws `bad_options` if an id or secret is missing or malformed, or a key is unknown.
 * @example
 * const model = createTokenSource(hardwareModel({ modelId, modelSecret }))
 * await model.pushTicket(modelTicket, { timeStamp })   // in the callback endpoint
 * attachToken(client, model)
 * await client.post('/openhw/model/register_sn', { sn })
 */
export function hardwareModel(options: HardwareModelOptions): Credential {
  checkKeys(options, 'hardwareModel', ['modelId', 'modelSecret'])
  const { modelId } = options
  checkId('modelId', modelId, "the model's id")
  const secret = secretReader('modelSecret', options.modelSecret, "the model's secret")

  const ticket = { name: 'model_ticket', staleErrcodes: STALE_MODEL_TICKET, given: () => undefined }
  return model({ ids: { modelId }, secret, ticket })
}
