import { describe } from 'vitest'
import { selfBuilt } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

describe('selfBuilt', () => {
  credentialContract({
    credential: selfBuilt({ corpId: 'ww 1', corpSecret: 'hush&hush' }),
    withOtherSecret: selfBuilt({ corpId: 'ww 1', corpSecret: 'other' }),
    kind: 'self-built',
    secrets: ['hush'],
    method: 'GET',
    call: 'gettoken?corpid=ww+1&corpsecret=hush%26hush',
    answer: { errcode: 0, errmsg: 'ok', access_token: 'accesstoken000001', expires_in: 7200 },
    token: 'accesstoken000001',
    refusalErrcodes: [40014, 42001],
  })
})
