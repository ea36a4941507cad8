import { readFileSync } from 'node:fs'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { parser } from '@prometheus-io/lezer-promql'
import { beforeAll, describe, expect, it } from 'vitest'
import dashboard from '../../docs/grafana-dashboard.json' with { type: 'json' }
import { otelEvents } from '../../src/otel.js'
import { everyEvent } from '../support/every-event.js'
import { useServers } from '../support/servers.js'

const servers = useServers()

/** What Prometheus adds to each series that it scrapes, and what a histogram's buckets have. */
const LABELS_OF_PROMETHEUS = ['job', 'instance', 'le']

/** What Prometheus reads after a run through every event: by the name of the series, its labels. */
let scraped: Map<string, Set<string>>
/** The instruments of that run, with their units. */
let instruments: Map<string, string>

beforeAll(async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({ readers: [exporter] })
  await everyEvent(servers, otelEvents(provider.getMeter('qyapi-token')))
  const url = await servers.serve((request, response) =>
    exporter.getMetricsRequestHandler(request, response),
  )
  const text = await (await fetch(`${url}/metrics`)).text()
  scraped = new Map()
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const known = scraped.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label)
    scraped.set(name, known)
  }
  const { resourceMetrics } = await exporter.collect()
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  instruments = new Map(metrics.map(({ descriptor: { name, unit } }) => [name, unit]))
})

interface Query {
  readonly metrics: readonly string[]
  readonly labels: readonly string[]
  readonly mistakes: readonly string[]
}

/** The metrics and labels that an expression of Prometheus names. */
function queryOf(expression: string): Query {
  const found = { metrics: [] as string[], labels: [] as string[], mistakes: [] as string[] }
  const text = expression.replaceAll('$__rate_interval', '5m')
  parser.parse(text).iterate({
    enter({ name, from, to, node }) {
      const words = text.slice(from, to)
      if (node.type.isError) found.mistakes.push(`${words} at ${from}`)
      if (name === 'VectorSelector') found.metrics.push(...metricsOf(words))
      if (name === 'LabelName' && words !== '__name__') found.labels.push(words)
    },
  })
  return found
}

/** A selector names its metric in front, or by a pattern. */
function metricsOf(selector: string): string[] {
  const [, pattern] = /__name__=~"([^"]+)"/.exec(selector) ?? []
  if (pattern === undefined) return [selector.replace(/\{.*$/, '')]
  return [...scraped.keys()].filter((name) => new RegExp(`^(?:${pattern})$`).test(name))
}

const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

describe('docs/grafana-dashboard.json', () => {
  it.each(queries)(
    'the panel "$title" asks for metrics and labels that Prometheus reads: $expr',
    ({ expr, legendFormat }) => {
      const { metrics, labels, mistakes } = queryOf(expr)
      expect(mistakes).toEqual([])
      expect(metrics).toHaveLength(1)
      const known = scraped.get(metrics[0] ?? '') ?? expect.fail(`there is no ${metrics[0]}`)
      const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
      const unknown = [...labels, ...legend].filter((label) => !known.has(label))
      expect(unknown.filter((label) => !LABELS_OF_PROMETHEUS.includes(label))).toEqual([])
      for (const label of legend) expect(labels).toContain(label)
    },
  )

  it('the dashboard shows every instrument', () => {
    const shown = new Set(queries.flatMap(({ expr }) => queryOf(expr).metrics))
    const missing = [...instruments.keys()].filter((instrument) => {
      const name = instrument.replaceAll('.', '_')
      return !shown.has(`${name}_total`) && !shown.has(`${name}_bucket`)
    })
    expect(missing).toEqual([])
  })

  it('the dashboard takes the histograms with the unit in their names too, as the Collector writes them', () => {
    const patterns = queries.flatMap(({ expr }) => /__name__=~"([^"]+)"/.exec(expr)?.[1] ?? [])
    expect(patterns.length).toBeGreaterThan(3)
    for (const pattern of patterns) {
      const plain = pattern.replace('(_seconds)?', '')
      for (const name of [plain, plain.replace('_bucket', '_seconds_bucket')])
        expect(name).toMatch(new RegExp(`^(?:${pattern})$`))
    }
  })
})

describe.each(['', '.zh-CN'])('docs/observability%s.md', (language) => {
  const page = readFileSync(`docs/observability${language}.md`, 'utf8')

  it('the page on observability has a row for each instrument of a real run, with its unit, and for no other', () => {
    const rows = [...page.matchAll(/^\| `(wecom\.[\w.]+)` \| `([^`]+)` \|/gm)]
    expect(new Map(rows.map(([, name = '', unit = '']) => [name, unit]))).toEqual(instruments)
  })

  it('the alerts of the page on observability are on metrics and labels that Prometheus reads', () => {
    const alerts = [...page.matchAll(/^\| `(sum\([^`]+)` \|/gm)]
    expect(alerts.length).toBeGreaterThan(3)
    for (const [, alert = ''] of alerts) {
      const { metrics, labels, mistakes } = queryOf(alert)
      expect(mistakes).toEqual([])
      for (const label of labels) expect(scraped.get(metrics[0] ?? '')).toContain(label)
    }
  })
})
