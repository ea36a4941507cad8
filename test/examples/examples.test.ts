import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const ROOT = new URL('../../', import.meta.url).pathname
const env = { ...process.env, WECOM_CORPID: '', WECOM_CORPSECRET: '', NO_COLOR: '1' }

const programs = readdirSync(`${ROOT}examples`).filter((name) => name.endsWith('.js'))

/** Lines that each program must print. */
const PRINTS: Record<string, string | readonly string[]> = {
  'axios.js': 'zhangsan is 张三',
  'call-limits.js': ['12 of 12 arrived; corpApi: sent', 'call_limited'],
  'fetch.js': 'lisi is 张三',
  'sdk-axios.js': [
    // One of the first two is the SDK's own.
    'a message: 1 of 1 sent, 2 gettoken',
    'the token revoked, one more: 1 of 1 sent, 1 gettoken',
    'revoked again, 20 at once: 20 of 20 sent, 1 gettoken',
  ],
  'sdk-fetch.js': [
    'a message: 1 of 1 sent, 0 gettoken',
    'the token revoked, one more: 1 of 1 sent, 1 gettoken',
    'revoked again, 20 at once: 20 of 20 sent, 1 gettoken',
  ],
  'sdk-token-callback.js': [
    'a message: 1 of 1 sent, 1 gettoken',
    'the token revoked, one more: 1 of 1 sent, 1 gettoken',
    'revoked again, 20 at once: 20 of 20 sent, 1 gettoken',
  ],
  'suite-callback.js': [
    'the address is verified: true',
    'a ticket with a forged signature: refused with 403',
    'a ticket for another suite: refused with 403',
    'a ticket: success',
    'the suite: ok',
    'a corp that authorised it: ok',
    'everything revoked, one more: ok',
    '2 get_suite_token, 3 get_corp_token',
  ],
  'tour.js': 'All 7 held.',
  'unit-test.test.js': '# fail 0',
  'wrap-sdk.js': '2 gettoken',
}

it.each(programs)('examples/%s runs and prints what it promises', async (name) => {
  const { stdout } = await run(process.execPath, [`examples/${name}`], { cwd: ROOT, env })
  expect(PRINTS).toHaveProperty([name])
  expect(stdout.split('\n')).toEqual(expect.arrayContaining([PRINTS[name]].flat()))
})

it('the tour talks to the server that it is given, and fails when that server does not answer as it should', async () => {
  const real = {
    ...env,
    WECOM_CORPID: 'ww-none',
    WECOM_CORPSECRET: 'none',
    WECOM_BASE_URL: 'http://127.0.0.1:9',
  }
  const failed = await run(process.execPath, ['examples/tour.js'], {
    cwd: ROOT,
    env: real,
  }).catch((error) => error)
  expect(failed.code).toBe(1)
  expect(failed.stdout).toContain('The real WeCom at http://127.0.0.1:9')
  expect(failed.stdout).toContain('ECONNREFUSED')
})

it('the tour shows source and age of a real token', async () => {
  const { fakeQyapi } = await import('../../src/testing.js')
  const wecom = fakeQyapi()
  const real = {
    ...env,
    WECOM_CORPID: 'ww-fake',
    WECOM_CORPSECRET: 'fake-secret',
    WECOM_BASE_URL: await wecom.listen(),
  }
  const { stdout } = await run(process.execPath, ['examples/tour.js'], { cwd: ROOT, env: real })
  expect(stdout).toMatch(/errcode 0, 1 addresses/)
  expect(stdout).toMatch(/self-built app of corp ww-fake, \d+ ms old, handed out for \d+ s more/)
  await wecom.close()
})
