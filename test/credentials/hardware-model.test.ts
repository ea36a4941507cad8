import { describe } from 'vitest'
import { hardwareModel } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

describe('hardwareModel', () =>
  credentialContract({
    credential: hardwareModel({ modelId: 'model-1', modelSecret: 'planted-secret' }),
    withOtherSecret: hardwareModel({ modelId: 'model-1', modelSecret: 'planted-other' }),
    ticket: 'planted-ticket',
    kind: 'hardware-model',
    secrets: ['planted-secret', 'planted-other', 'planted-ticket'],
    method: 'POST',
    call: 'openhw/get_model_token',
    body: { model_id: 'model-1', model_secret: 'planted-secret', model_ticket: 'planted-ticket' },
    answer: { errcode: 0, errmsg: 'ok', model_access_token: 'token', expires_in: 7200 },
    token: 'token',
    refusalErrcodes: [710400, 710401],
  }))
