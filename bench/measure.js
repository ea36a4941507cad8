/**
 * Rounds and percentiles. Every round measures every subject once, in a new order each time, so
 * that whatever else the machine does falls on all of them alike.
 */

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {(calls: number) => Promise<void>} run Makes that many calls, one after the other.
 */

/**
 * Microseconds per call, one figure per round.
 * @typedef {object} Samples
 * @property {number[]} wall
 * @property {number[]} cpu Of the whole process: its threads for garbage and compiling too.
 */

/**
 * @param {readonly Subject[]} subjects
 * @param {{ rounds: number, calls: number }} size
 * @returns {Promise<Map<string, Samples>>}
 */
export async function interleavedRounds(subjects, { rounds, calls }) {
  /** @type {Map<string, Samples>} */
  const samples = new Map(subjects.map(({ name }) => [name, { wall: [], cpu: [] }]))
  for (const { run } of subjects) await run(calls * 3)
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run } of shuffled(subjects)) {
      const { wall, cpu } = await timed(() => run(calls))
      samples.get(name)?.wall.push(wall / calls)
      samples.get(name)?.cpu.push(cpu / calls)
    }
  }
  return samples
}

async function timed(/** @type {() => Promise<void>} */ run) {
  const cpuBefore = process.cpuUsage()
  const before = process.hrtime.bigint()
  await run()
  const wall = Number(process.hrtime.bigint() - before) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { wall, cpu: user + system }
}

/**
 * @template T
 * @param {readonly T[]} items
 * @returns {T[]}
 */
export function shuffled(items) {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item)
}

/**
 * @param {readonly number[]} values
 * @param {number} share 0.5 is the median.
 */
export function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** The 10th percentile and the median of both clocks. */
export function summary(/** @type {Samples} */ { wall, cpu }) {
  return {
    wall: { p10: percentile(wall, 0.1), median: percentile(wall, 0.5) },
    cpu: { p10: percentile(cpu, 0.1), median: percentile(cpu, 0.5) },
  }
}

/** Bytes on the heap when the garbage is gone. */
export async function heapUsed() {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('Run with --expose-gc')
  for (let times = 0; times < 4; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    gc()
  }
  return process.memoryUsage().heapUsed
}
