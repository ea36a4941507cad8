import { defineConfig } from 'vitest/config'

/** Much longer than any of them takes: a busy machine is no failure. */
const patience = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000 } },
} as const

/** A fresh thread takes less to start than a fresh process. */
const inThreads = { ...patience, pool: 'threads' } as const

const ROOMS = 'axios,fetch,request,token,gettoken,sharing,core,credentials,stores,limits,testing'

/** Programs and servers of their own, each busy with one core. */
const SLOW = { ...patience, testTimeout: 900_000, hookTimeout: 900_000 }

/** `npm test` tries the first random histories of each kind, and some rows of the longest tables. */
const isExhaustive = process.env.npm_lifecycle_event === 'test:exhaustive'
const env = {
  RUNS: process.env.RUNS ?? (isExhaustive ? '10000' : '150'),
  EXHAUSTIVE: String(isExhaustive),
}

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary'] },
    projects: [
      {
        // One room at a time, and the repository itself. These files leave nothing behind, so that one worker
        // may run them in turn.
        test: {
          ...inThreads,
          name: 'unit',
          include: [`test/{${ROOMS}}/**/*.test.ts`, 'test/*.test.ts', 'test/properties/*.test.ts'],
          testTimeout: 600_000,
          isolate: false,
          env,
        },
      },
      {
        // Through several rooms, each file in a worker of its own: copies of axios keep the first Request that
        // they find, and nock replaces it.
        test: {
          ...inThreads,
          name: 'scenarios',
          include: ['test/{scenarios,cli}/**/*.test.ts'],
          testTimeout: 600_000,
          env,
        },
      },
      {
        // The package as users have it: packed, installed, compiled, its examples and the code of its docs.
        test: {
          ...SLOW,
          name: 'package',
          include: ['test/{package,compile,examples,docs}/**/*.test.ts'],
          maxConcurrency: 2,
        },
      },
      {
        // Several processes, servers that are killed, and frameworks that are installed and built.
        test: {
          ...SLOW,
          name: 'machines',
          include: ['test/{machines,frameworks}/**/*.test.ts'],
        },
      },
    ],
  },
})
