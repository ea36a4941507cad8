import { defineConfig } from 'vitest/config'

/** The tests that are quick enough to be run against every mutant: of the core, or of the entry points. */
const QUICK = {
  core: [
    'test/{core,token,gettoken,sharing,request,stores,credentials,limits}/**/*.test.ts',
    'test/scenarios/{tenants,rotation,suite-ticket,path-table,samples,bad-input}.test.ts',
  ],
  entries: [
    'test/{axios,fetch}/**/*.test.ts',
    'test/scenarios/axios-retry.test.ts',
    'test/scenarios/attacks.test.ts',
    'test/scenarios/redaction.test.ts',
    'test/scenarios/bad-input.test.ts',
    'test/scenarios/tenants.test.ts',
  ],
}

export default defineConfig({
  test: {
    include: process.env.MUTATE === 'entries' ? QUICK.entries : QUICK.core,
    testTimeout: 20_000,
  },
})
