import type { Credential } from '../../src/core/credential.js'
import type { SourceOptions } from '../../src/core/options.js'
import { type Platform, platform } from '../../src/core/platform.js'
import { SourceGroup } from '../../src/core/source-group.js'
import { TokenSource } from '../../src/core/token-source.js'

/** Like `createTokenSource`, on a platform whose hashes, randomness and names a test decides. */
export function sourceOn(
  credential: Credential,
  options: SourceOptions = {},
  machine: Platform = platform,
): TokenSource {
  return new TokenSource(credential, new SourceGroup(options, machine))
}
