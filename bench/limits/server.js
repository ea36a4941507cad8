// A server that counts the calls of each corp as they arrive, in windows of its own. A call is a line
// with the corp's name; the answer is a line, too.
import { createServer } from 'node:net'

/** @type {Map<string, number[]>} */
const arrivals = new Map()

const server = createServer((socket) => {
  socket.setNoDelay(true)
  let rest = ''
  socket.on('data', (data) => {
    const now = performance.now()
    const lines = (rest + data).split('\n')
    rest = lines.pop() ?? ''
    for (const corp of lines) {
      const times = arrivals.get(corp) ?? []
      times.push(now)
      arrivals.set(corp, times)
    }
    socket.write('ok\n'.repeat(lines.length))
  })
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: Object(server.address()).port })
})

/**
 * The most calls within any window of that length; and how many were on average in the windows from
 * the end of the first one to the last call.
 */
function windowsOf(/** @type {number[]} */ times, /** @type {number} */ windowMs) {
  const begin = (times[0] ?? 0) + windowMs
  const end = times.at(-1) ?? 0
  let first = 0
  let most = 0
  let area = 0
  for (const [last, time] of times.entries()) {
    while ((times[first] ?? 0) <= time - windowMs) first += 1
    most = Math.max(most, last - first + 1)
    // A call counts in every window that ends within windowMs after it.
    area += Math.max(0, Math.min(end, time + windowMs) - Math.max(begin, time))
  }
  return { most, mean: area / (end - begin) }
}

process.on('message', (/** @type {{ windowMs: number }} */ { windowMs }) => {
  const corps = [...arrivals].map(([corp, times]) => ({
    corp,
    calls: times.length,
    ...windowsOf(times, windowMs),
    tookMs: (times.at(-1) ?? 0) - (times[0] ?? 0),
  }))
  const all = [...arrivals.values()].flat().sort((a, b) => a - b)
  process.send?.({ corps, calls: all.length, ...windowsOf(all, windowMs) })
})
