/**
 * The benchmark: what a token costs per request, per hit and at rest, and how many token requests it
 * takes when things go wrong, for ours and for what else could be used. `--quick` takes less than
 * 30 s and only prints; a full run takes ten minutes and writes RESULTS.md, results.svg and wire.svg.
 */
import { writeFileSync } from 'node:fs'
import { bytesPerIdleSource, costPerHit, costPerRequest } from './cost.js'
import { limitFigures } from './limits.js'
import { machineFigures } from './machines.js'
import { loadPeers } from './peers/load.js'
import { plot } from './plot.js'
import { poolFigures } from './pool.js'
import { report } from './report.js'
import { playScenarios } from './scenarios.js'
import { entrySizes } from './size.js'
import { plotWire } from './wire/plot.js'
import { wireFigures } from './wire/run.js'

/**
 * @typedef {object} Sizes
 * @property {{ rounds: number, calls: number }} requests
 * @property {{ rounds: number, calls: number }} hits
 * @property {number} idleSources
 * @property {{ rounds: number, calls: number }} wire
 * @property {{ corps: number, hits: { rounds: number, calls: number }, cold: number }} pool
 */

const isQuick = process.argv.includes('--quick')

/** @type {Sizes} */
const sizes = isQuick
  ? {
      requests: { rounds: 10, calls: 60 },
      hits: { rounds: 20, calls: 5000 },
      idleSources: 2000,
      wire: { rounds: 3, calls: 100 },
      pool: { corps: 5000, hits: { rounds: 20, calls: 5000 }, cold: 100 },
    }
  : {
      requests: { rounds: 150, calls: 200 },
      hits: { rounds: 200, calls: 20_000 },
      idleSources: 10_000,
      wire: { rounds: 12, calls: 1500 },
      pool: { corps: 100_000, hits: { rounds: 200, calls: 20_000 }, cold: 1000 },
    }

const { peers, missing } = await loadPeers()
const idleBytes = await bytesPerIdleSource(sizes.idleSources)
const hits = await costPerHit(sizes.hits)
const costs = await costPerRequest(peers, sizes.requests)
const wire = await wireFigures(peers, sizes.wire)
const limits = await limitFigures(sizes.requests, { isQuick })
const scenarios = await playScenarios(peers, { isQuick })

// Last: a hundred thousand corps leave their mark on the heap.
const pool = await poolFigures(sizes.pool)
const machines = await machineFigures(peers, sizes.hits)

const entries = entrySizes()

const results = {
  peers,
  missing,
  idleBytes,
  hits,
  pool,
  machines,
  limits,
  costs,
  wire,
  scenarios,
  entries,
  sizes,
  isQuick,
}
console.log(report(results))
if (!isQuick) {
  writeFileSync(new URL('RESULTS.md', import.meta.url), report(results))
  writeFileSync(new URL('results.svg', import.meta.url), plot(results))
  writeFileSync(new URL('wire.svg', import.meta.url), plotWire(wire))
}
