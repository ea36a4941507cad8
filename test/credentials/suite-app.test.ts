import { describe } from 'vitest'
import { suiteApp } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

const suite = { suiteId: 'ww-suite', suiteTicket: 'planted-ticket' }

describe('suiteApp', () =>
  credentialContract({
    credential: suiteApp({ ...suite, suiteSecret: 'planted-secret' }),
    withOtherSecret: suiteApp({ ...suite, suiteSecret: 'planted-other' }),
    kind: 'suite-app',
    secrets: ['planted-secret', 'planted-other', 'planted-ticket'],
    method: 'POST',
    call: 'service/get_suite_token',
    body: { suite_id: 'ww-suite', suite_secret: 'planted-secret', suite_ticket: 'planted-ticket' },
    answer: { errcode: 0, errmsg: 'ok', suite_access_token: 'token', expires_in: 7200 },
    token: 'token',
    refusalErrcodes: [40082, 42009],
  }))
