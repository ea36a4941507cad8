import type { StoreLease, TokenStore } from '../../src/index.js'

/**
 * A store with parts of it replaced. Its lease looks and publishes by them, too: within the store
 * itself that is one step.
 */
export function withParts(store: TokenStore, parts: Partial<TokenStore>): TokenStore {
  const whole = { ...store, ...parts }
  const { lease } = store
  if (lease === undefined || 'lease' in parts) return whole
  const acquire: StoreLease['acquire'] = async (key, request) => {
    const token = await whole.get(key)
    if (token !== undefined && token.generation > request.above) return { token }
    return lease.acquire(key, request)
  }
  const publish: StoreLease['publish'] = async (key, token, held) => {
    const isKept = await whole.set(key, token)
    await lease.release(key, held)
    return isKept
  }
  return { ...whole, lease: { ...lease, acquire, publish } }
}
