import { fork } from 'node:child_process'
import { once } from 'node:events'

const here = (/** @type {string} */ file) => new URL(file, import.meta.url).pathname

/**
 * @typedef {object} Run
 * @property {number} redisPort
 * @property {number} processes
 * @property {number} calls Of each process.
 * @property {number} atOnce How many callers of each process wait at the same time.
 * @property {object} table
 * @property {number} windowMs What the server counts in.
 * @property {readonly string[]} [corps]
 * @property {(workers: readonly import('node:child_process').ChildProcess[]) => Promise<unknown>} [meanwhile]
 */

/** Many processes that share call limits, and what the server saw of them. */
export async function runLimited(/** @type {Run} */ run) {
  const { redisPort, processes, calls, atOnce, table, windowMs, corps = ['ww1'] } = run
  const server = fork(here('server.js'))
  const [{ port }] = await once(server, 'message')
  const options = JSON.stringify({ port, redisPort, calls, atOnce, table, corps })
  const workers = Array.from({ length: processes }, () => fork(here('worker.js'), [options]))
  await Promise.all(
    workers.map(async (worker) => {
      const [ready] = await Promise.race([once(worker, 'message'), once(worker, 'exit')])
      if (typeof ready !== 'object') throw new Error('a process did not start')
    }),
  )
  const ends = workers.map(async (worker) => {
    const [report] = await Promise.race([once(worker, 'message'), once(worker, 'exit')])
    return typeof report === 'object' && report !== null ? report : { done: 0, commands: 0 }
  })
  for (const worker of workers) worker.send('go')
  await run.meanwhile?.(workers)
  const reports = await Promise.all(ends)
  server.send({ windowMs })
  const [seen] = await once(server, 'message')
  for (const child of [...workers, server]) child.kill()
  const commands = reports.reduce((sum, report) => sum + report.commands, 0)
  return { ...seen, commands }
}
