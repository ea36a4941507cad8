import type { Credential } from '../../src/core/credential.js'
import type { SourceOptions } from '../../src/core/options.js'
import { type Platform, platform } from '../../src/core/platform.js'
import { SourceContext } from '../../src/token/source-context.js'
import { TokenSource } from '../../src/token/token-source.js'

/** Without WebCrypto's threads, which no fake clock waits for. */
export const fakePlatform: Platform = { ...platform, hash: async (text) => `#${text}` }

/** Like `createTokenSource`, on a platform whose hashes, randomness and names a test decides. */
export function sourceOn(
  credential: Credential,
  options: SourceOptions = {},
  on: Platform = platform,
): TokenSource {
  return new TokenSource(credential, new SourceContext(options, on))
}
