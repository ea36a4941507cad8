import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type LruEntry, lruList } from '../../src/token/lru-list.js'

interface Named extends LruEntry {
  readonly name: number
}

it('the LRU list keeps its order through random additions, uses and removals', () => {
  const step = fc.record({
    do: fc.constantFrom('add', 'touch', 'remove'),
    name: fc.nat({ max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const order = lruList<Named>()
      const items = new Map<number, Named>()
      let expected: number[] = []
      for (const { do: what, name } of steps) {
        const item = items.get(name)
        if (what === 'add' && item === undefined) {
          const added = { name, older: undefined, newer: undefined }
          items.set(name, added)
          order.add(added)
          expected.push(name)
        }
        if (what === 'touch' && item !== undefined) {
          order.touch(item)
          expected = [...expected.filter((other) => other !== name), name]
        }
        if (what === 'remove' && item !== undefined) {
          order.remove(item)
          items.delete(name)
          expected = expected.filter((other) => other !== name)
        }
        expect([...order.fromOldest()].map((known) => known.name)).toEqual(expected)
      }
    }),
  )
})
