import { expect, it } from 'vitest'
import { runLimited } from '../../bench/limits/processes.js'
import { describeWithRedis, startRedis } from '../support/redis.js'

const WINDOW_MS = 4_000
const MOST = 400

describeWithRedis('call limits of four processes on a real Redis', () => {
  it('no window of the server sees one call too many, though one process is killed', async () => {
    const redis = await startRedis()
    const seen = await runLimited({
      redisPort: redis.port,
      processes: 4,
      calls: 300,
      atOnce: 100,
      table: { corpApi: { windows: [{ ms: WINDOW_MS, most: MOST }] } },
      windowMs: WINDOW_MS,
      async meanwhile([first]) {
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        first?.kill('SIGKILL')
      },
    })
    await redis.stop()
    expect(seen.most).toBeLessThanOrEqual(MOST)
    // The other three have made all of their calls: its places came back by time.
    expect(seen.calls).toBeGreaterThanOrEqual(900)
  })

  it('corps share the window of their IP, of which the server sees not one call too many', async () => {
    const redis = await startRedis()
    const seen = await runLimited({
      redisPort: redis.port,
      processes: 2,
      calls: 600,
      atOnce: 300,
      table: { ipApi: { windows: [{ ms: WINDOW_MS, most: MOST }] } },
      windowMs: WINDOW_MS,
      corps: ['ww1', 'ww2', 'ww3'],
    })
    await redis.stop()
    expect(seen.most).toBeLessThanOrEqual(MOST)
    expect(seen.corps.map(({ calls }: { calls: number }) => calls)).toEqual([400, 400, 400])
  })
})
