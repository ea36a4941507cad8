import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Keyv, { type KeyvStoreAdapter } from 'keyv'
import { Database } from 'node-sqlite3-wasm'
import { afterEach } from 'vitest'

/**
 * Keyvs on a SQLite file. The table and the statements are those of `@keyv/sqlite`, whose own SQLite
 * has to be compiled or downloaded when it is installed; this one is WebAssembly, with real files
 * and real locks. Call once in each file.
 */
export function useSqlite() {
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0).reverse()) end()
  })

  return {
    /** The path of a file that does not exist yet. */
    file(): string {
      const folder = mkdtempSync(join(tmpdir(), 'qyapi-token-'))
      ends.push(() => rmSync(folder, { recursive: true }))
      return join(folder, 'tokens.sqlite')
    },
    /** A Keyv with a connection of its own, as another process would have it. */
    open(file: string): Keyv {
      const database = new Database(file)
      ends.push(() => database.close())
      database.run('CREATE TABLE IF NOT EXISTS keyv(key VARCHAR(255) PRIMARY KEY, value TEXT)')
      return new Keyv(adapterOf(database), { throwOnErrors: true })
    },
  }
}

function adapterOf(database: Database): KeyvStoreAdapter {
  const upsert =
    'INSERT INTO keyv(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value'
  const remove = 'DELETE FROM keyv WHERE key = ?'
  return {
    opts: {},
    on() {
      return this
    },
    get: async (key: string) =>
      database.get('SELECT value FROM keyv WHERE key = ?', [key])?.value as never,
    set: async (key: string, value: string) => database.run(upsert, [key, value]),
    delete: async (key: string) => database.run(remove, [key]).changes > 0,
    clear: async () => void database.run('DELETE FROM keyv'),
  }
}
