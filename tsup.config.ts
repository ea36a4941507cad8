import { defineConfig, type Options } from 'tsup'

/** The licences ask that whoever has the code has them. Minifiers keep a comment with an exclamation mark. */
const NOTICE =
  '/*! qyapi-token, MIT. Holds axios-retry (Apache-2.0), is-retry-allowed, mimic-function and p-memoize (MIT): THIRD-PARTY-LICENSES.txt */'

const entries: Options = {
  entry: {
    index: 'src/index.ts',
    axios: 'src/axios.ts',
    fetch: 'src/fetch.ts',
    limits: 'src/limits.ts',
    otel: 'src/otel.ts',
    testing: 'src/testing.ts',
    'stores/keyv': 'src/stores/keyv.ts',
    'stores/redis': 'src/stores/redis.ts',
  },
  target: 'node20',
  // What is published is readable as it is, so that it needs no maps. Tests see by the metafile what is in it.
  metafile: true,
  treeshake: false,
  removeNodeProtocol: false,
  // All of them are in every format: who installs the package installs nothing else.
  banner: { js: NOTICE },
}

export default defineConfig([
  // Both kinds of declarations by one look at the types.
  {
    ...entries,
    format: ['esm', 'cjs'],
    // tsup sets a `baseUrl`, which TypeScript 6 finds old.
    dts: { only: true, compilerOptions: { ignoreDeprecations: '6.0' } },
  },
  // The command is an ES module without types, which shares the chunks of the entry points. The errors have
  // a chunk of their own, so that bundlers leave out all the others where only an error is looked at.
  {
    ...entries,
    entry: { ...entries.entry, cli: 'src/cli.ts', errors: 'src/core/errors.ts' },
    format: 'esm',
    splitting: true,
  },
  // By this folder the fake finds the files of its page.
  {
    ...entries,
    format: 'cjs',
    splitting: false,
    define: { 'import.meta.dirname': '__dirname' },
  },
])
