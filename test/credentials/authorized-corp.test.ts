import { describe, expect, it } from 'vitest'
import { authorizedCorp } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'
import { appSource, suiteSource } from '../support/upstream.js'

const corp = { suite: suiteSource(), authCorpId: 'ww-customer' }

describe('authorizedCorp', () => {
  credentialContract({
    credential: () => authorizedCorp({ ...corp, permanentCode: 'planted-code' }),
    withOtherSecret: () => authorizedCorp({ ...corp, permanentCode: 'planted-other' }),
    kind: 'authorized-corp',
    subject: 'ww-customer of suite ww-suite',
    secrets: ['planted-code', 'planted-other', 'planted-suite-secret', 'suite-token'],
    method: 'POST',
    call: 'service/get_corp_token?suite_access_token=suite-token',
    body: { auth_corpid: 'ww-customer', permanent_code: 'planted-code' },
    answer: { errcode: 0, errmsg: 'ok', access_token: 'token', expires_in: 7200 },
    token: 'token',
    tokenInvalidErrcodes: [40014, 42001],
    refuses: [
      [
        () => authorizedCorp({ ...corp, permanentCode: 'c', corpId: 'ww1' } as never),
        "Unknown key 'corpId' in authorizedCorp: known are suite, authCorpId, permanentCode.",
      ],
      [
        () => authorizedCorp({ ...corp, permanentCode: 'c', authCorpId: '' }),
        "authCorpId must be the corp's id, a non-empty string, got ''.",
      ],
      [
        () => authorizedCorp({ ...corp, permanentCode: '' }),
        "permanentCode must be the permanent code, a non-empty string or a function that returns it, got ''.",
      ],
      [
        () => authorizedCorp({ ...corp, permanentCode: 'c', suite: {} } as never),
        "suite must be the source of the suite's token, a token source, got an object.",
      ],
    ],
  })

  it('authorizedCorp requires the source of a suite’s token', () => {
    const options = { ...corp, permanentCode: 'code' }
    const withSuite = (suite: unknown) => () => authorizedCorp({ ...options, suite } as never)
    expect(withSuite(undefined)).toThrow("suite must be the source of the suite's token")
    expect(withSuite(appSource())).toThrow("got 'self-built app of corp ww-up'")
  })
})
