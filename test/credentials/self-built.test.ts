import { describe } from 'vitest'
import { selfBuilt } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

describe('selfBuilt', () => {
  credentialContract({
    credential: () => selfBuilt({ corpId: 'ww 1', corpSecret: 'hush&hush' }),
    withOtherSecret: () => selfBuilt({ corpId: 'ww 1', corpSecret: 'other' }),
    kind: 'self-built',
    subject: 'app of corp ww 1',
    secrets: ['hush'],
    method: 'GET',
    call: 'gettoken?corpid=ww+1&corpsecret=hush%26hush',
    answer: { errcode: 0, errmsg: 'ok', access_token: 'accesstoken000001', expires_in: 7200 },
    token: 'accesstoken000001',
    tokenInvalidErrcodes: [40014, 42001],
    refuses: [
      [
        () => selfBuilt({ corpid: 'ww 1', corpSecret: 'hush' } as never),
        "Unknown key 'corpid' in selfBuilt: known are corpId, corpSecret.",
      ],
      [
        () => selfBuilt({ corpId: 7, corpSecret: 'hush' } as never),
        "corpId must be the corp's id, a non-empty string, got 7.",
      ],
      [
        () => selfBuilt({ corpId: '  ', corpSecret: 'hush' }),
        "corpId must be the corp's id, a non-empty string, got a string of 2 characters.",
      ],
      [
        () => selfBuilt({ corpId: 'ww 1', corpSecret: '' }),
        "corpSecret must be the app's secret, a non-empty string or a function that returns it, got ''.",
      ],
      [
        () => selfBuilt({ corpId: 'ww 1', corpSecret: ['hush'] } as never),
        "corpSecret must be the app's secret, a non-empty string or a function that returns it, got something of type object (not shown).",
      ],
    ],
  })
})
