import { describe, expect, it } from 'vitest'
import { downstreamCorp } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'
import { appSource, suiteSource } from '../support/upstream.js'

const corp = {
  upstream: appSource(),
  corpId: 'ww-down',
  agentId: 1000003,
  businessType: 1,
} as const

describe('downstreamCorp', () => {
  credentialContract({
    credential: () => downstreamCorp(corp),
    withOtherSecret: () => downstreamCorp({ ...corp, upstream: appSource('planted-other') }),
    kind: 'downstream-corp',
    subject: 'ww-down (agent 1000003)',
    secrets: ['planted-app-secret', 'planted-other', 'app-token'],
    method: 'POST',
    call: 'corpgroup/corp/gettoken?access_token=app-token',
    body: { corpid: 'ww-down', agentid: 1000003, business_type: 1 },
    answer: { errcode: 0, errmsg: 'ok', access_token: 'token', expires_in: 7200 },
    token: 'token',
    tokenInvalidErrcodes: [40014, 42001],
    refuses: [
      [
        () => downstreamCorp({ ...corp, secret: 'planted-other' } as never),
        "Unknown key 'secret' in downstreamCorp: known are upstream, corpId, agentId, businessType.",
      ],
    ],
  })

  it('downstreamCorp has another identity for another agent and another business type', () => {
    const ids = [corp, { ...corp, agentId: 7 }, { ...corp, businessType: 0 as const }].map((one) =>
      JSON.stringify(downstreamCorp(one).ids),
    )
    expect(new Set(ids).size).toBe(3)
  })

  it('downstreamCorp is 企业互联 by default', () => {
    const { businessType: _, ...rest } = corp
    expect(downstreamCorp(rest).ids).toEqual(downstreamCorp({ ...rest, businessType: 0 }).ids)
  })

  it.each([
    [{ agentId: '7' }, 'agentId must be a whole number, got a string of 1 character'],
    [{ businessType: 2 }, 'businessType must be 0 (企业互联) or 1 (上下游), got 2'],
    [{ upstream: suiteSource() }, "upstream must be the source of the upstream app's token"],
    [{ corpId: ' ' }, "corpId must be the downstream corp's id"],
  ])('downstreamCorp refuses %o', (wrong, message) => {
    expect(() => downstreamCorp({ ...corp, ...wrong } as never)).toThrow(message)
  })
})
