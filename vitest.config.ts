import { defineConfig } from 'vitest/config'

/** Much longer than any of them takes: a busy machine is no failure. */
const patience = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000 } },
}

/** Files that leave nothing behind, so that one worker may run them one after the other. */
const inOneWorker = (name: string, include: string[]) => ({
  test: { ...patience, name, include, isolate: false },
})

/** The doors, with answers given by hand. */
const DOORS = [
  'test/{axios,fetch}/**/*.test.ts',
  'test/scenarios/{bad-input,misuse,samples}.test.ts',
]

/** What talks to real servers on loopback; nock must not stand in between. */
const SERVERS = [
  'test/testing/**/*.test.ts',
  'test/scenarios/{bodies,kinds,path-table,rotation,suite-ticket,tenants}.test.ts',
]

const properties = (name: string, env: Record<string, string> = {}) => ({
  test: {
    ...patience,
    name,
    include: ['test/properties/**/*.test.ts'],
    testTimeout: 600_000,
    env,
  },
})

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary'] },
    projects: [
      inOneWorker('core', ['test/{core,token,gettoken,sharing,request,credentials}/**/*.test.ts']),
      inOneWorker('doors', DOORS),
      inOneWorker('stores', ['test/stores/**/*.test.ts']),
      inOneWorker('servers', SERVERS),
      {
        test: {
          ...patience,
          name: 'unit',
          include: ['test/*.test.ts', 'test/scenarios/*.test.ts'],
          exclude: [...DOORS, ...SERVERS],
        },
      },
      {
        test: {
          ...patience,
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // Programs of their own, each busy with one core.
          maxConcurrency: 2,
        },
      },
      {
        // Every TypeScript and axios that users may have.
        test: {
          name: 'compile',
          include: ['test/compile/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      properties('properties'),
      // The first of the same histories, for `npm test`.
      properties('fewer properties', { RUNS: process.env.RUNS ?? '1000' }),
      {
        // Frameworks that people have, each installed, built and started.
        test: {
          ...patience,
          name: 'frameworks',
          include: ['test/frameworks/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      {
        // Several processes, and servers that are killed.
        test: {
          ...patience,
          name: 'machines',
          include: ['test/machines/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      { test: { ...patience, name: 'examples', include: ['test/examples/**/*.test.ts'] } },
    ],
  },
})
