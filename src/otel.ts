/**
 * Events as metrics of OpenTelemetry. Only types come from `@opentelemetry/api`: at run time nothing
 * is imported.
 */
import type { Attributes, Meter } from '@opentelemetry/api'
import { type Check, check, hasMethods } from './core/check.js'
import { badOption } from './core/errors.js'
import type { OnEvent, TokenEvent } from './core/events.js'

/** Options of `otelEvents`. Each adds an attribute, and so more time series. */
export interface OtelOptions {
  /**
   * Adds `wecom.endpoint` where an event has one: the path below `/cgi-bin/`.
   * @default false
   */
  readonly endpoint?: boolean
  /**
   * Adds `wecom.subject`, the owner of the token, e.g. `corp ww1234`. A provider may have 100,000.
   * @default false
   */
  readonly subject?: boolean
}

const OPTION: Check = [(value) => typeof value === 'boolean', 'true or false']

/** Up to `maxWaitMs`. */
const WAIT_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 90]
/** From a token service nearby up to `tokenTimeoutMs`, with a parent's token before it. */
const REQUEST_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** A token should live for 7200 s: a young one was revoked, or another program replaced it. */
const AGE_SECONDS = [1, 10, 60, 300, 900, 1800, 3600, 5400, 7000, 7200, 14_400]

/**
 * Returns a listener for the option `onEvent` that counts and measures events with OpenTelemetry.
 * One listener may serve any number of sources. Names, units and attributes are those of
 * docs/observability.md.
 *
 * @param meter A meter of `@opentelemetry/api` or of its SDK.
 * @throws `bad_options`.
 * @example
 * import { metrics } from '@opentelemetry/api'
 * const onEvent = otelEvents(metrics.getMeter('qyapi-token'))
 * attachToken(client, { corpId, corpSecret }, { onEvent })
 */
export function otelEvents(meter: Meter, options: OtelOptions = {}): OnEvent {
  if (!hasMethods('createCounter', 'createHistogram')(meter))
    throw badOption('meter', "a meter, e.g. metrics.getMeter('qyapi-token')", meter)
  check(options, { endpoint: OPTION, subject: OPTION }, 'options')
  const instruments = instrumentsOf(meter)
  const all: Recorders<TokenEvent['type']> = {
    ...ofTokens(instruments),
    ...ofCalls(instruments),
  }
  const record: Record<string, Recorder<never>> = all
  return (event) => {
    const { kind, subject } = event
    const common = {
      'wecom.token.kind': kind,
      ...(options.subject && { 'wecom.subject': subject }),
      ...(options.endpoint && 'endpoint' in event && { 'wecom.endpoint': event.endpoint }),
    }
    record[event.type]?.(event as never, common)
  }
}

type Recorder<Event> = (event: Event, common: Attributes) => void
type Recorders<Type extends TokenEvent['type']> = {
  readonly [T in Type]: Recorder<Extract<TokenEvent, { readonly type: T }>>
}

/** What happens to tokens, and to the store that shares them. */
function ofTokens({
  count,
  measure,
}: Instruments): Recorders<'fetched' | 'refreshed' | 'failed' | 'adopted' | 'store_error'> {
  const requests = count('token.requests', '{request}', 'Token requests of this process')
  const duration = measure(
    'token.request.duration',
    REQUEST_SECONDS,
    'Time that token requests take, with their retries',
  )
  const failures = count('token.failures', '{failure}', 'Tokens that could not be fetched')
  const adoptions = count('token.adoptions', '{adoption}', 'Newer tokens that were there already')
  const storeErrors = count('store.errors', '{error}', 'Errors of the store')
  const requested: Recorder<{ readonly tookMs: number }> = ({ tookMs }, attributes) => {
    requests(attributes)
    duration(tookMs, attributes)
  }
  return {
    fetched: requested,
    refreshed: requested,
    failed({ code, errcode, tookMs }, common) {
      const attributes = { ...common, 'error.type': code, ...errcodeOf(errcode) }
      failures(attributes)
      if (tookMs !== undefined) requested({ tookMs }, attributes)
    },
    adopted({ from }, common) {
      adoptions({ ...common, 'wecom.token.adopted_from': from })
    },
    store_error({ reason, operation }, common) {
      storeErrors({ ...common, 'error.type': reason, 'wecom.store.operation': operation })
    },
  }
}

/** What happens to calls that take a token. */
function ofCalls({
  count,
  measure,
}: Instruments): Recorders<
  'refused' | 'replayed' | 'not_replayed' | 'endpoint_cooldown' | 'skipped' | 'limited'
> {
  const refusals = count('token.refusals', '{refusal}', 'Tokens that WeCom refused')
  const age = measure('token.refusal.age', AGE_SECONDS, 'Age of tokens that WeCom refused')
  const replays = count(
    'call.replays',
    '{call}',
    'Refused calls that were sent again, or with error.type why not',
  )
  const cooldowns = count('endpoint.cooldowns', '{cooldown}', 'Endpoints that refused a replay too')
  const skips = count('call.skips', '{call}', 'Calls that were sent without a token of ours')
  const wait = measure(
    'limiter.wait.duration',
    WAIT_SECONDS,
    'Time that calls waited for a place in a call limit, or with error.type got none',
  )
  return {
    refused({ errcode, ageMs }, common) {
      const attributes = { ...common, ...errcodeOf(errcode) }
      refusals(attributes)
      age(ageMs, attributes)
    },
    replayed: (_event, common) => replays(common),
    not_replayed: ({ reason }, common) => replays({ ...common, 'error.type': reason }),
    endpoint_cooldown: (_event, common) => cooldowns(common),
    limited({ limit, waitMs, outcome }, common) {
      const failure = outcome === 'sent' ? {} : { 'error.type': outcome }
      wait(waitMs, { ...common, 'wecom.limit': limit, ...failure })
    },
    skipped: ({ reason }, common) => skips({ ...common, 'wecom.skip.reason': reason }),
  }
}

function errcodeOf(errcode: number | undefined): Attributes {
  return errcode === undefined ? {} : { 'wecom.errcode': errcode }
}

type Instruments = ReturnType<typeof instrumentsOf>

function instrumentsOf(meter: Meter) {
  return {
    count(name: string, unit: string, description: string) {
      const counter = meter.createCounter(`wecom.${name}`, { unit, description })
      return (attributes: Attributes) => counter.add(1, attributes)
    },
    /** A histogram in seconds, which takes milliseconds. */
    measure(name: string, explicitBucketBoundaries: number[], description: string) {
      const advice = { explicitBucketBoundaries }
      const options = { unit: 's', description, advice }
      const histogram = meter.createHistogram(`wecom.${name}`, options)
      return (ms: number, attributes: Attributes) => histogram.record(ms / 1000, attributes)
    },
  }
}
