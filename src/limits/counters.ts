import type { Clock } from '../core/clock.js'
import { type Credential, identityOf, secretIfReadable } from '../core/credential.js'
import type { CountedCall } from '../core/limits.js'
import { urlOf } from '../core/url.js'
import { LIMIT_RULES, type LimitName, type LimitRule, type LimitTable } from '../wecom/limits.js'
import { CHINA_AHEAD_MS, Counter, windowsOf } from './counter.js'
import { Gate } from './gate.js'
import type { Needs, Use } from './limit.js'
import { receiversIn } from './receivers.js'

export interface CounterSettings {
  readonly clock: Clock
  readonly table: LimitTable
  readonly accounts: number | undefined
  /** The name of the outgoing IP. */
  readonly ip: string
  /** Called with each new counter, e.g. to share it among processes. */
  readonly onNew: (counter: Counter) => void
}

/** Whose calls they are. */
interface Owner {
  readonly corp: string
  readonly isProvider: boolean
  /** Its APIs, so that a call need not join their key; of the latest sweep. */
  readonly apis: Map<string, Api>
  sweeps: number
}

/** One API of one corp, or of one robot. */
interface Api {
  readonly gate: Gate
  /** What each call of it takes. */
  readonly needs: Needs
  /** Limits of the app and of the receivers, which differ from call to call. */
  readonly ownNames: readonly LimitName[]
}

const PROVIDER_KINDS: readonly (string | undefined)[] = [
  'suite-app',
  'authorized-corp',
  'service-provider',
]
/** From how many counters on those that count nothing any more are removed. */
const FIRST_SWEEP = 1_000

/** Finds what a call takes. */
export class Counters {
  private readonly owners = new WeakMap<Credential, Owner>()
  private readonly apis = new Map<string, Api>()
  private readonly counters = new Map<string, Counter>()
  private readonly names: readonly LimitName[]
  private sweepAt = FIRST_SWEEP
  private sweeps = 0
  private readonly noCorp = newOwner('', false)
  private latestWallMs = 0

  constructor(private readonly settings: CounterSettings) {
    this.names = namesOf(settings)
  }

  needsOf(call: CountedCall): Needs {
    const { credential, endpoint } = call
    if (this.apis.size + this.counters.size >= this.sweepAt) this.sweep()
    if (credential === undefined) return this.apiOf(subjectOf(call), this.noCorp, endpoint).needs
    const owner = this.ownerOf(credential)
    // 45009 on a token request is mostly about that app's secret.
    const api = call.isTokenRequest
      ? this.apiOf(owner.corp, owner, endpoint, appOf(credential))
      : this.ownApiOf(owner, endpoint)
    return api.ownNames.length === 0 ? api.needs : this.ownNeeds(api, call, credential)
  }

  all(): Iterable<Counter> {
    return this.counters.values()
  }

  private ownerOf(credential: Credential): Owner {
    const known = this.owners.get(credential)
    if (known !== undefined) return known
    const { kind, holderKind, ids, subject } = credential
    const corp = ids.authCorpId ?? ids.corpId ?? `${kind} ${subject}`
    const isProvider = [kind, holderKind].some((one) => PROVIDER_KINDS.includes(one))
    const owner = newOwner(corp, isProvider)
    this.owners.set(credential, owner)
    return owner
  }

  private ownApiOf(owner: Owner, endpoint: string): Api {
    if (owner.sweeps !== this.sweeps) {
      owner.apis.clear()
      owner.sweeps = this.sweeps
    }
    const known = owner.apis.get(endpoint)
    if (known !== undefined) return known
    const api = this.apiOf(owner.corp, owner, endpoint)
    owner.apis.set(endpoint, api)
    return api
  }

  private apiOf(subject: string, owner: Owner, endpoint: string, app = ''): Api {
    const key = `${owner.isProvider ? 'p' : ''}|${subject}|${endpoint}|${app}`
    const known = this.apis.get(key)
    if (known !== undefined) return known
    const api = this.newApi(subject, owner, endpoint)
    this.apis.set(key, api)
    return api
  }

  private newApi(subject: string, { corp, isProvider }: Owner, endpoint: string): Api {
    const { ip } = this.settings
    const keys: Readonly<Record<LimitRule['per'], string | undefined>> = {
      corp: corp === '' ? undefined : corp,
      ip: isProvider ? undefined : ip,
      'provider-ip': isProvider ? ip : undefined,
      robot: subject.startsWith(ROBOT) ? subject : undefined,
      app: undefined,
      member: undefined,
      none: undefined,
    }
    const names = this.names.filter((name) => this.isCountedBy(name, endpoint)).sort(widestLast)
    const counters = names.flatMap((name) => {
      const { per, paths }: LimitRule = LIMIT_RULES[name]
      const key = keys[per]
      if (key === undefined) return []
      return [this.counter(name, paths === undefined ? `${key} ${endpoint}` : key)]
    })
    const ownNames = names.filter((name) => ['app', 'member'].includes(LIMIT_RULES[name].per))
    const gate = new Gate(() => this.settings.clock.wall())
    const [first] = counters
    if (first !== undefined) {
      gate.onClose = (forMs) => first.places?.close(forMs)
      first.onClosed = (untilMs) => gate.closeUntil(untilMs)
    }
    const uses = [gate, ...counters].map((limit, index) => ({ limit, cost: 1, isWide: index > 0 }))
    return { gate, needs: { gate, uses }, ownNames }
  }

  private isCountedBy(name: LimitName, endpoint: string): boolean {
    const { paths }: LimitRule = LIMIT_RULES[name]
    if (paths !== undefined) return paths.includes(endpoint)
    return !this.settings.table[name]?.except?.includes(endpoint)
  }

  /** The receivers first: a message to one that is full must not stop those to others. */
  private ownNeeds(api: Api, call: CountedCall, credential: Credential): Needs {
    const { accounts = 1 } = this.settings
    const { corp } = this.ownerOf(credential)
    const { members, isToAll, agentId } = receiversIn(call.body)
    const narrow: Use[] = []
    const wide: Use[] = []
    for (const name of api.ownNames) {
      const { per, paths } = LIMIT_RULES[name] as LimitRule
      if (per === 'member') {
        for (const member of members)
          narrow.push({ limit: this.counter(name, `${corp} ${member}`), cost: 1, isWide: false })
        continue
      }
      const isMessage = paths?.includes('message/send')
      const app = (isMessage ? agentId : undefined) ?? appOf(credential)
      const cost = !isMessage ? 1 : isToAll ? accounts : Math.max(1, members.length)
      wide.push({ limit: this.counter(name, `${corp} ${app}`), cost, isWide: true })
    }
    const { gate, uses } = api.needs
    const [first, ...others] = uses as [Use, ...Use[]]
    if (narrow.length === 0) return { gate, uses: [first, ...wide, ...others] }
    return { gate, uses: [...narrow, ...wide, { ...first, isWide: true }, ...others] }
  }

  private counter(name: LimitName, key: string): Counter {
    const id = `${name} ${key}`
    const known = this.counters.get(id)
    if (known !== undefined) return known
    const { table, accounts, onNew } = this.settings
    const { isPerAccount }: LimitRule = LIMIT_RULES[name]
    const windows = windowsOf(table[name] ?? {}, isPerAccount ? (accounts ?? 1) : 1)
    const counter = new Counter(name, key, windows, () => this.calendarMs())
    this.counters.set(id, counter)
    onNew(counter)
    return counter
  }

  /** China's calendar, which a clock that is set back does not set back. */
  private calendarMs(): number {
    this.latestWallMs = Math.max(this.latestWallMs, this.settings.clock.wall())
    return this.latestWallMs + CHINA_AHEAD_MS
  }

  /** Removes what counts nothing any more, each time when there is twice as much as was left. */
  private sweep(): void {
    this.sweeps += 1
    const now = this.settings.clock.monotonic()
    const kept = new Set<unknown>()
    for (const [key, { gate, needs }] of this.apis) {
      const isIdle = gate.isIdle(now) && needs.uses.every(({ limit }) => isIdleCounter(limit, now))
      if (isIdle) this.apis.delete(key)
      else for (const { limit } of needs.uses) kept.add(limit)
    }
    for (const [id, counter] of this.counters)
      if (!kept.has(counter) && counter.isIdle(now)) this.counters.delete(id)
    this.sweepAt = Math.max(FIRST_SWEEP, 2 * (this.apis.size + this.counters.size))
  }
}

function newOwner(corp: string, isProvider: boolean): Owner {
  return { corp, isProvider, apis: new Map(), sweeps: 0 }
}

function isIdleCounter(limit: unknown, now: number): boolean {
  return !(limit instanceof Counter) || limit.isIdle(now)
}

function namesOf({ table, accounts }: CounterSettings): LimitName[] {
  return (Object.keys(table) as LimitName[]).filter((name) => {
    const { per, isPerAccount }: LimitRule = LIMIT_RULES[name]
    return per !== 'none' && (!isPerAccount || accounts !== undefined)
  })
}

/** A caller that waits for its corp must not be the next one at the IP. */
function widestLast(one: LimitName, other: LimitName): number {
  const isOfIp = (name: LimitName) => Number(LIMIT_RULES[name].per.endsWith('ip'))
  return isOfIp(one) - isOfIp(other)
}

const ROBOT = 'robot '

/** A group robot has its key in the url; of other calls without our token only the IP is known. */
function subjectOf({ url }: CountedCall): string {
  const key = url === undefined ? undefined : urlOf(url)?.searchParams.get('key')
  return key ? `${ROBOT}${key}` : ''
}

function appOf(credential: Credential): string {
  return `${identityOf(credential)} ${secretIfReadable(credential)}`
}
