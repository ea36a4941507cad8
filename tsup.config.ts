import { defineConfig, type Options } from 'tsup'

const doors: Options = {
  entry: {
    index: 'src/index.ts',
    axios: 'src/axios.ts',
    fetch: 'src/fetch.ts',
    testing: 'src/testing.ts',
    'stores/keyv': 'src/stores/keyv.ts',
    'stores/redis': 'src/stores/redis.ts',
  },
  target: 'node20',
  sourcemap: true,
  treeshake: false,
  removeNodeProtocol: false,
}

const NOTICE =
  '/* Holds p-memoize and mimic-function, MIT License, (c) Sindre Sorhus (https://sindresorhus.com) */'

export default defineConfig([
  // Both kinds of declarations by one look at the types.
  { ...doors, format: ['esm', 'cjs'], dts: { only: true } },
  { ...doors, format: 'esm', splitting: true },
  // p-memoize is ESM only: in the CJS build it travels along, for Jest and older loaders.
  { ...doors, format: 'cjs', splitting: false, noExternal: ['p-memoize'], banner: { js: NOTICE } },
])
