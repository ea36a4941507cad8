import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary'] },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{core,credentials,package,examples,properties,machines}/**'],
        },
      },
      {
        // Pure, so that one worker may run file after file.
        test: {
          name: 'core',
          include: ['test/{core,credentials}/**/*.test.ts'],
          isolate: false,
        },
      },
      {
        // Version 9 declares Node 22, so the package depends on 8; users may have either.
        resolve: { alias: { 'p-memoize': 'p-memoize-9' } },
        test: {
          name: 'p-memoize 9',
          include: ['test/core/{memoized-token,renewal,lender,token-source,fetch-for-all}.test.ts'],
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'properties',
          include: ['test/properties/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        // Several processes, and servers that are killed.
        test: {
          name: 'machines',
          include: ['test/machines/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real time on a shared machine: a trouble counts if it comes twice in a row.
          retry: process.env.CI === 'true' ? 1 : 0,
        },
      },
      { test: { name: 'examples', include: ['test/examples/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
})
