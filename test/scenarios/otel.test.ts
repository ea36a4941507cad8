import type { Meter as Meter110 } from '@opentelemetry/api-1.10'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import type { OwnEvent } from '../../src/core/events.js'
import type { TokenEvent } from '../../src/index.js'
import { type OtelOptions, otelEvents } from '../../src/otel.js'
import { everyEvent } from '../support/every-event.js'
import { APP } from '../support/qyapi.js'
import { useServers } from '../support/servers.js'

const servers = useServers()

/** The real SDK, with a listener of ours. */
function metered(options?: OtelOptions) {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({ readers: [exporter] })
  const onEvent = otelEvents(provider.getMeter('qyapi-token'), options)
  /** What each instrument has, as `name {unit}` and its points. */
  const collect = async () => {
    const { resourceMetrics, errors } = await exporter.collect()
    expect(errors).toEqual([])
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return metrics.map(({ descriptor, dataPoints }) => ({
      name: descriptor.name,
      unit: descriptor.unit,
      points: dataPoints.map(({ attributes, value }) => {
        const { sum, count } = Object(value) as { sum?: number; count?: number }
        return [attributes, sum === undefined ? value : { sum, count }]
      }),
    }))
  }
  return { exporter, onEvent, collect }
}

const OWNER = { kind: 'self-built', subject: 'app of corp ww-fake' }
const KIND = { 'wecom.token.kind': 'self-built' }

/** One event, and what it records: name, unit, further attributes, value. */
type Recorded = readonly [name: string, unit: string, attributes: object, value: unknown]
const RECORDED: readonly (readonly [event: OwnEvent, ...recorded: Recorded[]])[] = [
  [
    { type: 'fetched', generation: 1, tookMs: 250, isSameString: false },
    ['wecom.token.requests', '{request}', {}, 1],
    ['wecom.token.request.duration', 's', {}, { sum: 0.25, count: 1 }],
  ],
  [
    { type: 'refreshed', generation: 2, tookMs: 50, isSameString: false },
    ['wecom.token.requests', '{request}', {}, 1],
    ['wecom.token.request.duration', 's', {}, { sum: 0.05, count: 1 }],
  ],
  [
    {
      type: 'failed',
      code: 'credential_refused',
      errcode: 40001,
      message: '',
      retryAfterMs: 1,
      tookMs: 30,
    },
    [
      'wecom.token.requests',
      '{request}',
      { 'error.type': 'credential_refused', 'wecom.errcode': 40001 },
      1,
    ],
    [
      'wecom.token.request.duration',
      's',
      { 'error.type': 'credential_refused', 'wecom.errcode': 40001 },
      { sum: 0.03, count: 1 },
    ],
    [
      'wecom.token.failures',
      '{failure}',
      { 'error.type': 'credential_refused', 'wecom.errcode': 40001 },
      1,
    ],
  ],
  [
    // Of another process: no request of this one.
    { type: 'failed', code: 'rate_limited', message: '', retryAfterMs: 1 },
    ['wecom.token.failures', '{failure}', { 'error.type': 'rate_limited' }, 1],
  ],
  [
    { type: 'refused', generation: 1, endpoint: 'user/get', errcode: 42001, ageMs: 60_000 },
    ['wecom.token.refusals', '{refusal}', { 'wecom.errcode': 42001 }, 1],
    ['wecom.token.refusal.age', 's', { 'wecom.errcode': 42001 }, { sum: 60, count: 1 }],
  ],
  [
    { type: 'adopted', generation: 2, from: 'store' },
    ['wecom.token.adoptions', '{adoption}', { 'wecom.token.adopted_from': 'store' }, 1],
  ],
  [
    { type: 'replayed', generation: 2, endpoint: 'user/get' },
    ['wecom.call.replays', '{call}', {}, 1],
  ],
  [
    { type: 'not_replayed', endpoint: 'user/get', reason: 'body_not_replayable' },
    ['wecom.call.replays', '{call}', { 'error.type': 'body_not_replayable' }, 1],
  ],
  [
    { type: 'endpoint_cooldown', endpoint: 'user/get', cooldownMs: 30_000 },
    ['wecom.endpoint.cooldowns', '{cooldown}', {}, 1],
  ],
  [
    { type: 'skipped', endpoint: 'user/get', reason: 'no_source' },
    ['wecom.call.skips', '{call}', { 'wecom.skip.reason': 'no_source' }, 1],
  ],
  [
    { type: 'limited', limit: 'api', endpoint: 'user/get', waitMs: 1500, outcome: 'sent' },
    ['wecom.limiter.wait.duration', 's', { 'wecom.limit': 'api' }, { sum: 1.5, count: 1 }],
  ],
  [
    { type: 'limited', limit: 'api', endpoint: 'user/get', waitMs: 0, outcome: 'failed' },
    [
      'wecom.limiter.wait.duration',
      's',
      { 'wecom.limit': 'api', 'error.type': 'failed' },
      { sum: 0, count: 1 },
    ],
  ],
  [
    { type: 'store_error', reason: 'down', operation: 'get', message: '' },
    ['wecom.store.errors', '{error}', { 'error.type': 'down', 'wecom.store.operation': 'get' }, 1],
  ],
]

describe('otelEvents on the real SDK', () => {
  it.each(RECORDED.map(([event, ...recorded]) => ({ type: event.type, event, recorded })))(
    'the event $type is recorded with its unit and attributes',
    async ({ event, recorded }) => {
      const { onEvent, collect } = metered()
      onEvent({ ...OWNER, ...event } as TokenEvent)
      const found = (await collect()).filter(({ points }) => points.length > 0)
      const byName = (one: { name: string }, other: { name: string }) =>
        one.name < other.name ? -1 : 1
      expect(found.sort(byName)).toEqual(
        recorded
          .map(([name, unit, attributes, value]) => ({
            name,
            unit,
            points: [[{ ...KIND, ...attributes }, value]],
          }))
          .sort(byName),
      )
    },
  )

  it('an endpoint and a subject are attributes only if they are asked for', async () => {
    const event = { ...OWNER, type: 'replayed', generation: 2, endpoint: 'user/get' } as const
    const attributesWith = async (options?: OtelOptions) => {
      const { onEvent, collect } = metered(options)
      onEvent(event)
      return (await collect()).flatMap(({ points }) => points.map(([attributes]) => attributes))
    }
    expect(await attributesWith()).toEqual([KIND])
    expect(await attributesWith({ endpoint: false, subject: false })).toEqual([KIND])
    expect(await attributesWith({ endpoint: true, subject: true })).toEqual([
      { ...KIND, 'wecom.endpoint': 'user/get', 'wecom.subject': 'app of corp ww-fake' },
    ])
  })

  it('an event that a later version adds is ignored', async () => {
    const { onEvent, collect } = metered()
    onEvent({ ...OWNER, type: 'from_the_future' } as never)
    expect((await collect()).flatMap(({ points }) => points)).toEqual([])
  })

  it('a run through every event records every instrument, without a corp, a path, a token or a secret', async () => {
    const { onEvent, collect } = metered()
    const types = await everyEvent(servers, onEvent)
    expect([...types].sort()).toEqual([...new Set(RECORDED.map(([event]) => event.type))].sort())
    const found = await collect()
    expect(found.filter(({ points }) => points.length === 0)).toEqual([])
    expect(JSON.stringify(found)).not.toMatch(
      new RegExp(`${Object.values(APP).join('|')}|user/get|token_`),
    )
  })

  it.each([undefined, null, {}, 'qyapi-token'])(
    'otelEvents refuses %j instead of a meter',
    (meter) => {
      expect(() => otelEvents(meter as never)).toThrow(
        /meter must be a meter, e\.g\. metrics\.getMeter\('qyapi-token'\), got/,
      )
    },
  )

  it('otelEvents refuses unknown options, and others than true and false', () => {
    const meter = new MeterProvider().getMeter('qyapi-token')
    expect(() => otelEvents(meter, { subjects: true } as never)).toThrow(/Unknown key 'subjects'/)
    expect(() => otelEvents(meter, { subject: 'corp' } as never)).toThrow(
      /subject must be true or false/,
    )
  })

  it('otelEvents takes the meter of each version of the API', async () => {
    const { metrics } = await import('@opentelemetry/api-1.10')
    const meter: Meter110 = metrics.getMeter('qyapi-token')
    expect(() =>
      otelEvents(meter)({ ...OWNER, type: 'replayed', generation: 1, endpoint: 'x' }),
    ).not.toThrow()
  })
})
