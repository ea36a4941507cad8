/** What we are measured by. The scenarios have theirs with them. */
export const TARGETS = {
  /** Microseconds added to one request, at the 10th percentile, by wall clock and by CPU time. */
  addedMicroseconds: {
    axios: { header: 2.5, body: 3 },
    fetch: { header: 1.5, body: 20 },
  },
  /** Requests a second on real HTTP, of the bare client's; and the 99th percentile of a call's time. */
  wire: {
    axios: { header: 0.98, body: 0.98 },
    fetch: { header: 0.98, body: 0.94 },
    p99: 1.1,
  },
  /** Nanoseconds of a token hit, at the 10th percentile. */
  hitNanoseconds: 130,
  bytesPerIdleSource: 3000,
  /** After a process that was fetching died: the lease and 1 s. */
  takeOverMs: 3000,
  /** Of a pool of authorised corps: bytes for each, and nanoseconds of a token hit. */
  pool: { bytesPerCorp: 1500, hitNanoseconds: 300 },
  /** Bytes of an entry in a bundle, minified and gzipped, without axios. */
  entryBytes: { axios: 19_000, fetch: 16_000 },
}

/** Whether a request's cost is within its target, by both clocks. */
export function isCheap(/** @type {import('./cost.js').Cost} */ { entry, judgedBy, added }) {
  const most = TARGETS.addedMicroseconds[entry][judgedBy]
  return added.wall.p10 <= most && added.cpu.p10 <= most
}

/** Whether a hit is within its target. `wall` is in microseconds. */
export function isQuickHit(/** @type {{ wall: { p10: number } }} */ { wall }) {
  return wall.p10 * 1000 <= TARGETS.hitNanoseconds
}

/** Whether ours leaves enough of the bare client's speed. */
export function isFast(
  /** @type {import('./wire/run.js').WireFigures} */ { entry, judgedBy, ratio, p99Ratio },
) {
  return (
    ratio >= TARGETS.wire[entry][judgedBy] && (entry === 'axios' || p99Ratio <= TARGETS.wire.p99)
  )
}
