import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { createTokenSource, selfBuilt, suiteApp } from '../../src/index.js'
import { redisStore } from '../../src/stores/redis.js'
import { diagnose as diagnoseIn, PLANTED } from '../support/doctor.js'
import { describeWithRedis, type RedisServer, startRedis, useClosing } from '../support/redis.js'

/** The folder of this repository has ioredis. */
const cwd = process.cwd()
/** Nothing of the network is looked at here: no proxy runs on that port. */
const NO_NETWORK = { HTTPS_PROXY: 'http://127.0.0.1:1' }
const diagnose = (env: Readonly<Record<string, string>>, args: readonly string[] = []) =>
  diagnoseIn({ ...NO_NETWORK, ...env }, { cwd, args })

const newKey = () => randomBytes(32).toString('base64')

describeWithRedis('the doctor and a real Redis', () => {
  const closing = useClosing()
  let server: RedisServer
  let redis: Redis

  beforeAll(async () => {
    const started = await startRedis()
    server = closing(started, () => started.stop())
    // The default, but tsc would take two seconds to infer it.
    redis = closing(new Redis<'legacy'>(server.url), () => redis.disconnect())
  })
  beforeEach(async () => {
    await redis.flushall()
    await redis.config('SET', 'maxmemory', '0')
  })

  /** A process that keeps the token of an app there. */
  async function storeToken(corpId: string, encryptionKey?: string, prefix = ''): Promise<void> {
    const options = { prefix, ...(encryptionKey !== undefined && { encryptionKey }) }
    const source = createTokenSource(selfBuilt({ corpId, corpSecret: PLANTED }), {
      store: redisStore(redis, options),
      transport: async () => ({
        status: 200,
        body: '{"access_token":"planted-token","expires_in":7200}',
      }),
    })
    await source.get()
    await source.close()
  }

  it('an empty Redis that may do all is fine, and is left empty', async () => {
    const { line } = await diagnose({ REDIS_URL: server.url })
    expect(line('redis')?.found).toMatch(/^127\.0\.0\.1:\d+ answers in [\d.]+ ms \(ioredis\)$/)
    expect(line('scripts')).toMatchObject({ status: 'ok' })
    expect(line('eviction')).toMatchObject({ status: 'ok', found: 'no memory limit' })
    expect(line('keys')).toMatchObject({ status: 'ok', found: 'no token of ours yet' })
    expect(await redis.keys('*:token')).toEqual([])
  })

  it('the tokens and tickets that lie there are named with their age, and no secret', async () => {
    await storeToken('ww-one')
    const suite = createTokenSource(suiteApp({ suiteId: 'suite-1', suiteSecret: PLANTED }), {
      store: redisStore(redis),
    })
    await suite.pushTicket('planted-ticket', { timeStamp: Math.round(Date.now() / 1000) })
    await suite.close()
    await storeToken('ww-other', undefined, 'staging:')
    const { line } = await diagnose({ REDIS_URL: server.url })
    expect(line('keys')?.found).toBe(
      'self-built ww-one (0 min old), suite-app suite-1 suite_ticket (0 min old)',
    )
    const { line: ofStaging } = await diagnose({ REDIS_URL: server.url }, ['--prefix', 'staging:'])
    expect(ofStaging('keys')?.found).toBe('self-built ww-other (0 min old)')
  })

  it('a Redis that is down: start it, or check REDIS_URL', async () => {
    const { line, failed } = await diagnose({ REDIS_URL: `redis://:${PLANTED}@127.0.0.1:1` })
    expect(failed).toContain('redis')
    expect(line('redis')?.found).toMatch(/^no connection to 127\.0\.0\.1:1: .*ECONNREFUSED/)
    expect(line('redis')?.remedy).toMatch(/^Start Redis, or check REDIS_URL/)
    expect(line('scripts')).toBeUndefined()
  })

  it('a database that Redis does not have is no connection: check REDIS_URL', async () => {
    const { line, failed } = await diagnose({ REDIS_URL: `${server.url}/99` })
    expect(failed).toContain('redis')
    expect(line('redis')?.found).toMatch(/DB index is out of range/)
    expect(line('redis')?.remedy).toMatch(/check REDIS_URL/)
  })

  it('a wrong password: check user and password in REDIS_URL', async () => {
    const url = server.url.replace('://', `://stranger:${PLANTED}@`)
    const { line } = await diagnose({ REDIS_URL: url })
    expect(line('redis')?.remedy).toMatch(/^Check user and password in REDIS_URL/)
  })

  it.each([`redis://:pa#${PLANTED}@127.0.0.1:6379`, `redis://:100%${PLANTED}@127.0.0.1:6379`])(
    'an address that is none because of a character in its password: how to write it (%#)',
    async (url) => {
      const { line } = await diagnose({ REDIS_URL: url })
      expect(line('redis')?.status).toBe('fail')
      expect(line('redis')?.remedy).toMatch(
        /^Check user and password in REDIS_URL.*# is written %23/,
      )
    },
  )

  it('a user who may not run scripts: the ACL that lets it', async () => {
    await redis.call('ACL', 'SETUSER', 'plain', 'on', `>${PLANTED}`, '~*', '+@all', '-@scripting')
    const url = server.url.replace('://', `://plain:${PLANTED}@`)
    const { line, failed } = await diagnose({ REDIS_URL: url })
    expect(failed).toContain('scripts')
    expect(line('scripts')?.found).toMatch(/NOPERM/)
    const [, rights = ''] = /ACL SETUSER <user> (.*)$/.exec(line('scripts')?.remedy ?? '') ?? []
    // The remedy is tried: the user gets those rights and no others.
    await redis.call(
      'ACL',
      'SETUSER',
      'plain',
      'reset',
      'on',
      `>${PLANTED}`,
      '+ping',
      ...rights.split(' '),
    )
    const { line: after } = await diagnose({ REDIS_URL: url })
    expect(after('scripts')?.status).toBe('ok')
    expect(after('eviction')).toMatchObject({
      status: 'warn',
      remedy: expect.stringMatching(/allow INFO/),
    })
  })

  it('a replica that may only be read: name the primary', async () => {
    await redis.call('REPLICAOF', '127.0.0.1', '1')
    const { line } = await diagnose({ REDIS_URL: server.url })
    await redis.call('REPLICAOF', 'NO', 'ONE')
    expect(line('scripts')?.remedy).toMatch(/let REDIS_URL name the primary/)
  })

  it('a Redis that evicts: noeviction', async () => {
    await redis.config('SET', 'maxmemory', '100mb')
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const { line } = await diagnose({ REDIS_URL: server.url })
    expect(line('eviction')).toMatchObject({
      status: 'warn',
      found: 'maxmemory-policy allkeys-lru: tokens may be evicted',
      remedy: expect.stringMatching(/^Use noeviction/),
    })
    await redis.config('SET', 'maxmemory-policy', 'noeviction')
    const { line: after } = await diagnose({ REDIS_URL: server.url })
    expect(after('eviction')).toMatchObject({ status: 'ok', found: 'noeviction' })
  })

  it('two encryption keys: one for every process, and a list to rotate', async () => {
    const [ours, theirs] = [newKey(), newKey()]
    await storeToken('ww-one', ours)
    await storeToken('ww-two', theirs)
    const env = { REDIS_URL: server.url, QYAPI_TOKEN_ENCRYPTION_KEY: ours }
    const { line, failed } = await diagnose(env)
    expect(failed).toContain('encryption')
    expect(line('encryption')?.found).toMatch(
      /^this key cannot read 1 of 2 values \(encrypted with: [\da-f]{8}\)$/,
    )
    expect(line('encryption')?.remedy).toMatch(/^Give every process the same encryptionKey/)
    const { line: ofBoth } = await diagnose({
      ...env,
      QYAPI_TOKEN_ENCRYPTION_KEY: `${ours}, ${theirs}`,
    })
    expect(ofBoth('encryption')?.status).toBe('ok')
    const { line: ofNone } = await diagnose({ REDIS_URL: server.url })
    expect(ofNone('encryption')).toMatchObject({
      status: 'warn',
      found: '2 of 2 values are encrypted, and no key was given',
    })
  })

  it('values that another process does not encrypt are reported, too', async () => {
    await storeToken('ww-one')
    const { line } = await diagnose({ REDIS_URL: server.url }, ['--encryption-key', newKey()])
    expect(line('encryption')?.found).toMatch(/encrypted with: none/)
  })

  it('an encryption key that is none is reported without being shown', async () => {
    await storeToken('ww-one')
    const env = { REDIS_URL: server.url, QYAPI_TOKEN_ENCRYPTION_KEY: PLANTED }
    expect((await diagnose(env)).line('keys')?.remedy).toMatch(
      /^Check the encryption key \(32 bytes/,
    )
  })

  it('node-redis is used where ioredis is not installed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qyapi-token-doctor-'))
    await mkdir(join(folder, 'node_modules/@redis'), { recursive: true })
    const name = 'node_modules/@redis/client'
    await symlink(join(cwd, name), join(folder, name), 'junction')
    await storeToken('ww-one')
    const [up, down] = [server.url, 'redis://127.0.0.1:1'].map((REDIS_URL) =>
      diagnoseIn({ ...NO_NETWORK, REDIS_URL }, { cwd: folder }),
    )
    expect((await up)?.line('redis')?.found).toMatch(/\(@redis\/client\)$/)
    expect((await up)?.line('keys')?.found).toBe('self-built ww-one (0 min old)')
    expect((await down)?.line('redis')?.found).toMatch(/ECONNREFUSED/)
    await rm(folder, { recursive: true })
  })

  it('a folder without a Redis client: what to install', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qyapi-token-doctor-'))
    const env = { ...NO_NETWORK, REDIS_URL: server.url }
    const { line } = await diagnoseIn(env, { cwd: folder })
    await rm(folder, { recursive: true })
    expect(line('redis')).toMatchObject({
      status: 'warn',
      remedy: expect.stringMatching(/^npm install ioredis \(or @redis\/client\)/),
    })
  })
})
