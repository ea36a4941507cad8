import { defineConfig } from 'vitest/config'

/** The tests that are quick enough to be run against every mutant: of the core, or of the doors. */
const QUICK = {
  core: [
    'test/{core,stores,credentials}/**/*.test.ts',
    'test/{tenants,rotation,suite-ticket,source-pool,path-table,samples,bad-input}.test.ts',
  ],
  doors: [
    'test/{axios,fetch}/**/*.test.ts',
    'test/axios.test.ts',
    'test/fetch.test.ts',
    'test/axios-retry.test.ts',
    'test/attacks.test.ts',
    'test/redaction.test.ts',
    'test/bad-input.test.ts',
    'test/tenants.test.ts',
  ],
}

export default defineConfig({
  test: { include: process.env.MUTATE === 'doors' ? QUICK.doors : QUICK.core, testTimeout: 3_000 },
})
