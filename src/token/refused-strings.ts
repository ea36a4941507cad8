import { confirmedAt, type Token } from '../core/token.js'

/** More strings are refused within a token's lifetime only if an endpoint refuses everything. */
const MOST_STRINGS = 20

/**
 * Strings that this process saw refused (rule 7). A store may still return one under a newer
 * generation: it counts as refused, unless a token request that was answered after the refused call
 * was sent returned it.
 */
export function refusedStrings() {
  const sentAt = new Map<string, number>()
  return {
    /** `sentAtMs`: when the refused call was sent, by the monotonic clock. */
    add(value: string, sentAtMs: number): void {
      const before = sentAt.get(value) ?? 0
      sentAt.delete(value)
      const [oldest] = sentAt.keys()
      if (sentAt.size >= MOST_STRINGS && oldest !== undefined) sentAt.delete(oldest)
      sentAt.set(value, Math.max(before, sentAtMs))
    },
    /** Whether the string of a token from the store was refused. */
    includes(token: Token): boolean {
      const sentAtMs = sentAt.get(token.value)
      return (
        sentAtMs !== undefined && confirmedAt(token).monotonic + (token.requestMs ?? 0) <= sentAtMs
      )
    },
    /** A token request has returned the string again. */
    delete: (value: string) => sentAt.delete(value),
  }
}
