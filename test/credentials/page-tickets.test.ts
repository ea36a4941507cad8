import { describe } from 'vitest'
import { agentTicket, jsapiTicket } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'
import { appSource, suiteSource } from '../support/upstream.js'

const KINDS = [
  ['jsapi-ticket', jsapiTicket, 'get_jsapi_ticket?access_token=app-token'],
  ['agent-ticket', agentTicket, 'ticket/get?access_token=app-token&type=agent_config'],
] as const

describe.each(KINDS)('%s', (kind, credentialOf, call) => {
  credentialContract({
    credential: () => credentialOf(appSource()),
    withOtherSecret: () => credentialOf(appSource('planted-other')),
    kind,
    subject: 'for self-built ww-up',
    secrets: ['planted-app-secret', 'planted-other', 'app-token'],
    method: 'GET',
    call,
    answer: { errcode: 0, errmsg: 'ok', ticket: 'ticket', expires_in: 7200 },
    token: 'ticket',
    tokenInvalidErrcodes: [],
    refuses: [
      [
        () => credentialOf({} as never),
        "app must be the source of the app's token, a token source, got an object.",
      ],
      [
        () => credentialOf(suiteSource()),
        "app must be the source of the app's token, got 'suite-app ww-suite'.",
      ],
    ],
  })
})
