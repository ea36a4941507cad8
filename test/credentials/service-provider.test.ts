import { describe } from 'vitest'
import { serviceProvider } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

describe('serviceProvider', () =>
  credentialContract({
    credential: () => serviceProvider({ corpId: 'ww-isv', providerSecret: 'planted-secret' }),
    withOtherSecret: () => serviceProvider({ corpId: 'ww-isv', providerSecret: 'planted-other' }),
    kind: 'service-provider',
    subject: 'ww-isv',
    secrets: ['planted-secret', 'planted-other'],
    method: 'POST',
    call: 'service/get_provider_token',
    body: { corpid: 'ww-isv', provider_secret: 'planted-secret' },
    answer: { errcode: 0, errmsg: 'ok', provider_access_token: 'token', expires_in: 7200 },
    token: 'token',
    tokenInvalidErrcodes: [40082, 42009, 40014, 42001],
    refuses: [
      [
        () => serviceProvider({ corpId: 'ww-isv', corpSecret: 'planted-secret' } as never),
        "Unknown key 'corpSecret' in serviceProvider: known are corpId, providerSecret.",
      ],
      [
        () => serviceProvider({ corpId: ' ', providerSecret: 's' }),
        "corpId must be the provider's corp id, a non-empty string, got a string of 1 character.",
      ],
      [
        () => serviceProvider({ corpId: 'ww-isv' } as never),
        "providerSecret must be the provider's secret, a non-empty string or a function that returns it, got undefined.",
      ],
    ],
  }))
