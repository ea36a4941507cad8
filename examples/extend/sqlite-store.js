// A store on a database of your own: SQLite here. Each step reads the row of a key, decides, and writes it, in one
// transaction, so that many processes share a token, and one of them fetches it (a lease with a fencing number).
import sqlite from 'node-sqlite3-wasm'

export function sqliteStore(file) {
  const database = new sqlite.Database(file)
  database.run('PRAGMA busy_timeout = 2000')
  database.run('CREATE TABLE IF NOT EXISTS tokens (key TEXT PRIMARY KEY, entry TEXT NOT NULL)')

  function step(decide) {
    return async (key, ...given) => {
      database.run('BEGIN IMMEDIATE')
      try {
        const row = database.get('SELECT entry FROM tokens WHERE key = ?', [key])
        const entry = row ? JSON.parse(row.entry) : { number: 0, floor: 0 }
        const result = decide(entry, Date.now(), ...given)
        database.run('REPLACE INTO tokens VALUES (?, ?)', [key, JSON.stringify(entry)])
        database.run('COMMIT')
        return result
      } finally {
        if (database.inTransaction) database.run('ROLLBACK')
      }
    }
  }
  const steps = { get: step(tokenOf), set: step(keep), delete: step(remove) }
  const lease = Object.fromEntries([acquire, renew, publish, release].map((f) => [f.name, step(f)]))
  return { ...steps, lease, now: async () => Date.now(), close: () => database.close() }
}

function tokenOf({ token, storedAt }, now) {
  const ageMs = token && token.ageMs + Math.max(0, now - storedAt)
  return token && ageMs < token.expiresInMs ? { ...token, ageMs } : undefined
}

function keep(entry, now, token) {
  const newest = tokenOf(entry, now)?.generation ?? 0
  if (token.generation <= newest || token.generation < entry.floor) return false
  Object.assign(entry, { token, storedAt: now })
  return true
}

function remove(entry, _now, generation, value = entry.token?.value) {
  return entry.token?.generation === generation && entry.token.value === value && delete entry.token
}

function acquire(entry, now, { holder, forMs, takeOverMs, above }) {
  const token = tokenOf(entry, now)
  if (token && token.generation > above) return { token }
  const { value, until } = entry.failure ?? { until: 0 }
  if (now < until) return { failure: { value, leftMs: until - now } }
  const other = isHeld(entry, now) && entry.lease.holder !== holder ? entry.lease : undefined
  if (other && now - other.since < takeOverMs) return { heldBy: other.number, holder: other.holder }
  const number = Math.max(now, entry.number + 1, above + 1)
  Object.assign(entry, { number, lease: { number, holder, since: now, until: now + forMs } })
  // Fencing: a late token of an expired lease is refused. One that was taken over may still be stored.
  if (!other) entry.floor = number
  return other ? { number, holder: other.holder } : { number }
}

function renew(entry, now, { number, forMs }) {
  const isOwn = isHeld(entry, now, number)
  if (isOwn) entry.lease.until = now + forMs
  return isOwn
}

function publish(entry, now, token, { number }) {
  const isKept = keep(entry, now, token)
  if (isKept) delete entry.failure
  if (isHeld(entry, now, number)) delete entry.lease
  return isKept
}

function release(entry, now, { number, failure }) {
  if (!isHeld(entry, now, number)) return false
  if (failure) entry.failure = { value: failure.value, until: now + failure.leftMs }
  return delete entry.lease
}

const isHeld = ({ lease }, now, number = lease?.number) =>
  lease !== undefined && lease.number === number && now < lease.until
