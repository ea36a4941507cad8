import { tokenScrubber } from '../core/redact.js'
import { redacted } from '../core/redact-walk.js'
import type { Token } from '../core/token.js'
import { redactResponse } from './redact-response.js'

/**
 * What a fetch failed with, as the caller may have it: the same object, unless it is frozen, with no
 * token in sight. `own`: what the caller gave, which holds none.
 */
export function failureWithoutToken(
  error: unknown,
  token: Token,
  parameters: readonly string[],
  own: object | undefined,
): unknown {
  const left = new Set<unknown>(Object.values(own ?? {}))
  return redacted(error, {
    scrub: tokenScrubber(token.value, parameters),
    isLeftAlone: (value) => left.has(value),
    cleanse: (message) => redactResponse(message, token, parameters),
  })
}
