import type { ChildProcess } from 'node:child_process'

export interface Run {
  readonly redisPort: number
  readonly processes: number
  readonly calls: number
  readonly atOnce: number
  readonly table: object
  readonly windowMs: number
  readonly corps?: readonly string[]
  readonly meanwhile?: (workers: readonly ChildProcess[]) => Promise<unknown>
}

export interface Seen {
  readonly calls: number
  readonly most: number
  readonly mean: number
  readonly commands: number
  readonly corps: readonly {
    readonly corp: string
    readonly calls: number
    readonly tookMs: number
  }[]
}

export function runLimited(run: Run): Promise<Seen>
