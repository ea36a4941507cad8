import { expect, it } from 'vitest'
import { elapsedMs, instantOf, later, latest } from '../../src/core/clock.js'
import { fakeClock } from '../../src/testing.js'

it.each([
  [5_000, 5_000, 5_000],
  [9_000, 5_000, 9_000],
  [-1_000_000, 5_000, 5_000],
  [5_000, 0, 5_000],
  [-3, -2, -2],
])(
  'rule 13: elapsedMs for %s ms of wall and %s ms of monotonic time is %s ms',
  (wall, monotonic, expected) => {
    const from = { wall: 70_000, monotonic: 300 }
    expect(elapsedMs(from, { wall: 70_000 + wall, monotonic: 300 + monotonic })).toBe(expected)
  },
)

it('rule 13: elapsedMs counts up to the current instant of a clock', () => {
  const clock = fakeClock(1_000_000)
  const from = { wall: 1_000_000, monotonic: 0 }
  clock.advance(50)
  expect(elapsedMs(from, instantOf(clock))).toBe(50)
  clock.setWallBy(7)
  expect(elapsedMs(from, instantOf(clock))).toBe(57)
  clock.setWallBy(-1_000)
  expect(elapsedMs(from, instantOf(clock))).toBe(50)
})

it('rule 13: an instant moves on both clocks with later()', () => {
  expect(later({ wall: 100, monotonic: 1 }, 5)).toEqual({ wall: 105, monotonic: 6 })
})

it('rule 13: an instant is compared on each clock separately by latest()', () => {
  const one = { wall: 100, monotonic: 1 }
  expect(latest(one, { wall: 3, monotonic: 2 })).toEqual({ wall: 100, monotonic: 2 })
  expect(latest(one, { wall: 300, monotonic: 0 })).toEqual({ wall: 300, monotonic: 1 })
})
