/** Digests and ciphers that have not ended: they run in other threads, which a busy machine delays. */
let pending = 0

for (const name of ['digest', 'encrypt', 'decrypt', 'importKey'] as const) {
  const { subtle } = crypto
  const start = subtle[name].bind(subtle) as (...given: unknown[]) => Promise<unknown>
  const value = (...given: unknown[]) => {
    pending += 1
    return start(...given).finally(() => {
      pending -= 1
    })
  }
  Object.defineProperty(subtle, name, { value, configurable: true })
}

export function hasCryptoJobs(): boolean {
  return pending > 0
}
