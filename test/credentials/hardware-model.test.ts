import { describe, expect, it } from 'vitest'
import { createTokenSource, hardwareModel } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

describe('hardwareModel', () =>
  credentialContract({
    credential: () => hardwareModel({ modelId: 'model-1', modelSecret: 'planted-secret' }),
    withOtherSecret: () => hardwareModel({ modelId: 'model-1', modelSecret: 'planted-other' }),
    ticket: 'planted-ticket',
    kind: 'hardware-model',
    subject: 'model-1',
    secrets: ['planted-secret', 'planted-other', 'planted-ticket'],
    method: 'POST',
    call: 'openhw/get_model_token',
    body: { model_id: 'model-1', model_secret: 'planted-secret', model_ticket: 'planted-ticket' },
    answer: { errcode: 0, errmsg: 'ok', model_access_token: 'token', expires_in: 7200 },
    token: 'token',
    tokenInvalidErrcodes: [710400, 710401],
    refuses: [
      [
        () => hardwareModel({ modelId: 'model-1', modelSecret: 's', ticket: 't' } as never),
        "Unknown key 'ticket' in hardwareModel: known are modelId, modelSecret.",
      ],
      [
        () => hardwareModel({ modelId: '', modelSecret: 's' }),
        "modelId must be the model's id, a non-empty string, got ''.",
      ],
      [
        () => hardwareModel({ modelId: 'model-1', modelSecret: '' }),
        "modelSecret must be the model's secret, a non-empty string or a function that returns it, got ''.",
      ],
    ],
  }))

it('a hardwareModel without a ticket reports which one is missing', async () => {
  const model = createTokenSource(hardwareModel({ modelId: 'model-1', modelSecret: 's' }))
  await expect(model.get()).rejects.toThrow('there is no model_ticket yet')
})
