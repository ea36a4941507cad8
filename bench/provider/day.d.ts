export interface Day {
  readonly corps: number
  readonly calls: number
  readonly minutes: readonly number[]
  readonly tokenRequests: number
  readonly busiest: number
}
export function simulatedDay(size: {
  corps: number
  callsPerCorp: number
  isSpread?: boolean
  coldAt?: number
}): Day
export function zipf(corps: number, random: () => number): () => number
export function randomOf(seed: number): () => number
