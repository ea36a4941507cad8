import { type Credential, credentialKind } from '../core/credential.js'
import {
  checkId,
  checkKeys,
  type Id,
  type Secret,
  secretReader,
} from '../core/credential-options.js'
import { REFUSED_MODEL_TOKEN, STALE_TICKET } from '../wecom/errcodes.js'

const model = credentialKind<'modelId'>({
  kind: 'hardware-model',
  tokenName: 'model_access_token',
  serves: 'model',
  refusalErrcodes: REFUSED_MODEL_TOKEN,
  subjectOf: ({ modelId }) => modelId,
  request: ({ modelId }, modelSecret, { ticket }) => ({
    method: 'POST',
    path: 'openhw/get_model_token',
    body: { model_id: modelId, model_secret: modelSecret, model_ticket: ticket },
  }),
})

/** What a maker of hardware has for one model. */
export interface HardwareModelOptions {
  readonly modelId: Id
  /** The `model_secret`, or a function that returns the one that counts now. */
  readonly modelSecret: Secret
}

/**
 * The `model_access_token` of a hardware model. Its source takes the `model_ticket`s that WeCom
 * pushes by `source.pushTicket(ticket, { timeStamp })`. No path of the built-in table takes such a
 * token: name yours in the option `endpoints`.
 *
 * @throws `bad_options` if an id or secret is missing, or there is a key that it does not know.
 * @example
 * const model = createTokenSource(hardwareModel({ modelId, modelSecret }))
 * attachToken(client, model, { endpoints: [{ path: 'openhw/', token: 'model' }] })
 */
export function hardwareModel(options: HardwareModelOptions): Credential {
  checkKeys(options, 'hardwareModel', ['modelId', 'modelSecret'])
  const { modelId } = options
  checkId('modelId', modelId, "the model's id")
  const secret = secretReader('modelSecret', options.modelSecret, "the model's secret")

  const ticket = { name: 'model_ticket', staleErrcodes: STALE_TICKET, given: () => undefined }
  return model({ ids: { modelId }, secret, ticket })
}
