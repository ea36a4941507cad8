import { errorAnswer, type FakeAnswer, type FakeRequest } from './fake-answers.js'
import { fieldsOf, type TokenCalls } from './fake-token-call.js'
import type { FakeTokenOwner, FakeTokens, KnownOwner } from './fake-tokens.js'

/** A corp that authorised a third-party app. */
export interface FakeAuthorizedCorp {
  readonly corpId: string
  readonly permanentCode: string
}

/** A third-party app, or a 代开发 template. */
export interface FakeSuite {
  readonly suiteId: string
  readonly suiteSecret: string
  /** A ticket that counts as pushed when the suite is added; push more with `pushSuiteTicket`. */
  readonly suiteTicket?: string
  /** The corps that authorised it; add more with `install`. */
  readonly corps?: readonly FakeAuthorizedCorp[]
}

interface KnownCorp {
  permanentCode: string
  readonly owner: FakeTokenOwner
}

interface KnownSuite {
  readonly suiteSecret: string
  readonly owner: FakeTokenOwner
  readonly tickets: ReturnType<typeof pushedTickets>
  readonly corps: Map<string, KnownCorp>
}

/** Third-party apps and the corps that authorised them: get_suite_token and get_corp_token. */
export function fakeSuites(tokens: FakeTokens, now: () => number) {
  const suites = new Map<string, KnownSuite>()

  function suiteOf(suiteId: string): KnownSuite {
    const suite = suites.get(suiteId)
    if (suite === undefined) throw new Error(`The fake qyapi knows no suite ${suiteId}`)
    return suite
  }

  /** 全局错误码, document/path/90313: 40083 is the id, 40080 the secret, 40085 the ticket. */
  function getSuiteToken(request: FakeRequest): FakeAnswer {
    const { suite_id, suite_secret, suite_ticket } = fieldsOf(request)
    if (!suite_id) return errorAnswer(41021)
    if (!suite_secret) return errorAnswer(41024)
    if (!suite_ticket) return errorAnswer(41023)
    const suite = suites.get(suite_id)
    if (suite === undefined) return errorAnswer(40083)
    if (suite.suiteSecret !== suite_secret) return errorAnswer(40080)
    if (!suite.tickets.isGood(suite_ticket)) return errorAnswer(40085)
    return { json: tokens.give(suite.owner, 'suite_access_token') }
  }

  /** 40084 for every mismatch: a wrong code, another suite's, or a cancelled one. */
  function getCorpToken(request: FakeRequest, holder: FakeTokenOwner | undefined): FakeAnswer {
    const { auth_corpid, permanent_code } = fieldsOf(request)
    if (!auth_corpid) return errorAnswer(41002)
    if (!permanent_code) return errorAnswer(41025)
    const corp = suites.get(holder?.suiteId ?? '')?.corps.get(auth_corpid)
    if (corp?.permanentCode !== permanent_code) return errorAnswer(40084)
    return { json: tokens.give(corp.owner, 'access_token') }
  }

  function install(suiteId: string, { corpId, permanentCode }: FakeAuthorizedCorp): void {
    const { corps } = suiteOf(suiteId)
    const known = corps.get(corpId)
    if (known !== undefined) known.permanentCode = permanentCode
    else corps.set(corpId, { permanentCode, owner: { kind: 'app', corpId, suiteId } })
  }

  const calls: TokenCalls = {
    'service/get_suite_token': getSuiteToken,
    'service/get_corp_token': getCorpToken,
  }

  return {
    calls,
    list: (): KnownOwner[] =>
      [...suites.values()].flatMap(({ owner, suiteSecret, tickets, corps }) => [
        { owner, secrets: [suiteSecret, ...tickets.list()] },
        ...[...corps.values()].map((corp) => ({
          owner: corp.owner,
          secrets: [corp.permanentCode],
        })),
      ]),
    add({ suiteId, suiteSecret, suiteTicket, corps = [] }: FakeSuite): void {
      const known = suites.get(suiteId)
      const owner: FakeTokenOwner = known?.owner ?? { kind: 'suite', suiteId }
      const tickets = known?.tickets ?? pushedTickets(`fake-suite-ticket-${suiteId}`, now)
      suites.set(suiteId, { suiteSecret, owner, tickets, corps: known?.corps ?? new Map() })
      if (suiteTicket !== undefined) tickets.push(suiteTicket)
      for (const corp of corps) install(suiteId, corp)
    },
    install,
    uninstall(suiteId: string, corpId: string): void {
      const { corps } = suiteOf(suiteId)
      const known = corps.get(corpId)
      if (known !== undefined) known.owner.isGone = true
      corps.delete(corpId)
    },
    /** All that were pushed, and when. */
    tickets: () =>
      [...suites].flatMap(([suiteId, { tickets }]) =>
        tickets.entries().map(([ticket, at]) => [suiteId, ticket, at] as const),
      ),
    push(
      suiteId: string,
      given?: string,
      pushedAt?: number,
    ): { suiteTicket: string; timeStamp: number } {
      const { ticket, timeStamp } = suiteOf(suiteId).tickets.push(given, pushedAt)
      return { suiteTicket: ticket, timeStamp }
    },
  }
}

/** 推送suite_ticket: pushed every 10 min, each valid for 30 min, so that three are valid at a time. */
const TICKET_LIFE_MS = 30 * 60_000

/** The tickets that WeCom pushed to one suite or model. */
export function pushedTickets(prefix: string, now: () => number) {
  const pushedAt = new Map<string, number>()
  let count = 0

  return {
    list: () => [...pushedAt.keys()],
    entries: () => [...pushedAt],
    /** Pushes a new ticket, or the given one; `timeStamp` in seconds, as callbacks have it. */
    push(given?: string, at = now()): { ticket: string; timeStamp: number } {
      count += 1
      const ticket = given ?? `${prefix}-${count}`
      pushedAt.set(ticket, at)
      return { ticket, timeStamp: Math.floor(at / 1000) }
    },
    isGood(ticket: string): boolean {
      const since = pushedAt.get(ticket)
      return since !== undefined && now() - since < TICKET_LIFE_MS
    },
  }
}
