import { describe, expect, it } from 'vitest'
import { createTokenSource, type SuiteAppOptions, suiteApp } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

const suite = { suiteId: 'ww-suite', suiteTicket: 'planted-ticket' }

describe('suiteApp', () =>
  credentialContract({
    credential: () => suiteApp({ ...suite, suiteSecret: 'planted-secret' }),
    withOtherSecret: () => suiteApp({ ...suite, suiteSecret: 'planted-other' }),
    kind: 'suite-app',
    subject: 'ww-suite',
    secrets: ['planted-secret', 'planted-other', 'planted-ticket'],
    method: 'POST',
    call: 'service/get_suite_token',
    body: { suite_id: 'ww-suite', suite_secret: 'planted-secret', suite_ticket: 'planted-ticket' },
    answer: { errcode: 0, errmsg: 'ok', suite_access_token: 'token', expires_in: 7200 },
    token: 'token',
    tokenInvalidErrcodes: [40082, 42009],
    refuses: [
      [
        () => suiteApp({ ...suite, suiteSecret: 's', ticket: 't' } as never),
        "Unknown key 'ticket' in suiteApp: known are suiteId, suiteSecret, suiteTicket.",
      ],
      [
        () => suiteApp({ suiteId: '', suiteSecret: 's' }),
        "suiteId must be the suite's id, a non-empty string, got ''.",
      ],
      [
        () => suiteApp({ suiteId: 'ww-suite', suiteSecret: '' }),
        "suiteSecret must be the suite's secret, a non-empty string or a function that returns it, got ''.",
      ],
      ...([null, 42, ['planted-ticket']] as const).map(
        (suiteTicket) =>
          [
            () => suiteApp({ suiteId: 'ww-suite', suiteSecret: 's', suiteTicket } as never),
            `suiteTicket must be the newest suite_ticket or a function, got ${
              suiteTicket === null ? 'null' : `something of type ${typeof suiteTicket} (not shown)`
            }.`,
          ] as const,
      ),
    ],
  }))

/** The ticket that goes out with the token call, or the error. */
const sentBy = async (suiteTicket?: SuiteAppOptions['suiteTicket']) => {
  const given = suiteTicket === undefined ? {} : { suiteTicket }
  let sent: unknown
  const source = createTokenSource(suiteApp({ suiteId: 'ww-suite', suiteSecret: 's', ...given }), {
    transport: async ({ body = '' }) => {
      sent = JSON.parse(body).suite_ticket
      return { status: 200, body: '{"suite_access_token":"token","expires_in":7200}' }
    },
  })
  return source.get().then(
    () => sent,
    (error: Error) => error.message,
  )
}

it.each([
  ['a value', 'ticket'],
  ['a function', () => 'ticket'],
  ['a function that promises it', async () => 'ticket'],
])('the suiteTicket option may be %s', async (_what, suiteTicket) => {
  expect(await sentBy(suiteTicket)).toBe('ticket')
})

it.each([
  ['left out', undefined],
  ['empty', ''],
  ['a function that has none yet', () => undefined],
])(
  'the suiteTicket option may be %s: then the ticket has to be pushed',
  async (_what, suiteTicket) => {
    expect(await sentBy(suiteTicket)).toMatch(/there is no suite_ticket yet/)
  },
)
