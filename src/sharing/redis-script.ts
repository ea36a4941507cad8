import { platform } from '../core/platform.js'
import type { RedisCommand } from './redis-command.js'

/** Runs a script. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args?: readonly (string | number)[],
) => Promise<unknown>

/** Redis' clock, in milliseconds. */
export const READ_CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
`

/**
 * Runs a script by its SHA-1. The first time, and if the server has forgotten it, by its text: so a
 * new server costs no second round trip.
 */
export function scriptRunner(command: RedisCommand, onForgotten: () => void): RunScript {
  const hashes = new Map<string, Promise<string>>()

  return async (script, keys, args = []) => {
    const rest = [keys.length, ...keys, ...args].map(String)
    const byText = () => command(['EVAL', script, ...rest])
    const hash = hashes.get(script)
    if (hash === undefined) hashes.set(script, platform.sha1(script))
    try {
      if (hash === undefined) return await byText()
      return await command(['EVALSHA', await hash, ...rest]).catch((error) => {
        if (!isForgotten(error)) throw error
        onForgotten()
        return byText()
      })
    } catch (error) {
      // Intentionally not the client's error: it may carry the command, and with it the token.
      throw new Error(messageOf(error))
    }
  }
}

/** Redis answers NOSCRIPT, which valkey-glide turns into `NoScriptError`. */
function isForgotten(error: unknown): boolean {
  return /NO_?SCRIPT/i.test(messageOf(error))
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'Redis returned no reply'
}
