import { expect, it } from 'vitest'
import { selfBuilt, type Transport } from '../../src/index.js'
import { collectGarbage } from '../support/garbage.js'
import { APP, settle } from '../support/qyapi.js'
import { tokenBody } from '../support/source.js'
import { sourceOn } from '../support/source-on.js'

// In a file of its own, and so in a process of its own: what other tests leave in memory would count too.
it('an idle source keeps its token and nothing of the call that brought it: at most 3 kB', async () => {
  const transport: Transport = async ({ url }) => {
    const corpId = new URL(url).searchParams.get('corpid') ?? ''
    return { status: 200, body: tokenBody(corpId.padEnd(214, '-')) }
  }
  const idle = async (count: number) => {
    const sources = Array.from({ length: count }, (_, at) =>
      sourceOn(selfBuilt({ ...APP, corpId: `ww${at}` }), { transport }),
    )
    await Promise.all(sources.map((source) => source.get()))
    await settle()
    return sources
  }
  const bytesOfEach = async (count: number) => {
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    const { length } = await idle(count)
    collectGarbage()
    return (process.memoryUsage().heapUsed - before) / length
  }
  // The least of some, since others keep and free memory of the process meanwhile.
  const measured = [await bytesOfEach(1_000), await bytesOfEach(1_000), await bytesOfEach(1_000)]
  expect(Math.min(...measured)).toBeLessThan(3_000)
})
