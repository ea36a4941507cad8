// node --test: the contracts of stores and of leases, and two sources that share one token through a file.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { fakeQyapi, leaseContract, storeContract } from 'qyapi-token/testing'
import { sqliteStore } from './sqlite-store.js'

const folder = mkdtempSync(join(tmpdir(), 'sqlite-store-'))
const stores = []
after(() => {
  for (const store of stores) store.close()
  rmSync(folder, { recursive: true })
})

function open(name = `${stores.length}.sqlite`) {
  const store = sqliteStore(join(folder, name))
  stores.push(store)
  return store
}

for (const { name, run } of storeContract(() => open())) test(name, run)
for (const { name, run } of leaseContract(() => open())) test(name, run)

test('two sources, each with a connection of its own, cost one token request', async () => {
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  const app = selfBuilt({ corpId: 'ww-fake', corpSecret: 'fake-secret' })
  const [one, two] = [open('shared.sqlite'), open('shared.sqlite')].map((store) =>
    createTokenSource(app, { baseUrl, store }),
  )
  const [first, second] = await Promise.all([one.get(), two.get()])
  assert.equal(first, second)
  assert.equal(wecom.count('gettoken'), 1)
  await wecom.close()
})
