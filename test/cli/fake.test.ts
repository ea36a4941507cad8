import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../../src/cli/run-command.js'
import { run, stubTerminal } from '../support/terminal.js'

/** The command while it runs. */
async function running(...flags: readonly string[]) {
  const { terminal, stdout, end } = stubTerminal()
  const ended = runCommand(['fake', '--json', ...flags], terminal)
  await expect.poll(() => stdout).toHaveLength(1)
  const printed: { url: string; page: string } = JSON.parse(stdout[0] ?? '')
  const stop = async () => {
    end()
    return ended
  }
  onTestFinished(async () => void (await stop()))
  const call = async (path: string, body?: object) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(`${printed.url}/cgi-bin/${path}`, init)
    return (await response.json()) as Record<string, unknown>
  }
  return { ...printed, stop, call }
}

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qyapi-token-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'wecom.json')
}

/** The first event of a page. */
async function firstEvent(page: string): Promise<string> {
  const response = await fetch(`${page}page/events`)
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('\n\n', text.indexOf('data:'))) return text
  }
  return text
}

const GETTOKEN = 'gettoken?corpid=ww-fake&corpsecret=fake-secret'
const MESSAGE = { touser: '@all', agentid: 1, msgtype: 'text', text: { content: 'kept 你好' } }

it('fake prints the address of its page first, and serves it', async () => {
  const { terminal, stdout, end } = stubTerminal()
  const ended = runCommand(['fake'], terminal)
  await expect.poll(() => stdout).toHaveLength(1)
  const [, page = ''] = /^Open (\S+) in a browser/.exec(stdout[0] ?? '') ?? []
  expect((await fetch(page)).status).toBe(200)
  end()
  expect(await ended).toBe(0)
})

it('fake --save keeps tokens, messages and suite tickets across a restart, for this user alone', async () => {
  const file = await temporaryFile()
  const first = await running('--save', file)
  const { access_token } = await first.call(GETTOKEN)
  await first.call(`message/send?access_token=${access_token}`, MESSAGE)
  await first.call('webhook/send?key=key-of-a-robot', MESSAGE)
  const { access_token: revoked } = await first.call(GETTOKEN)
  const post = (action: object) => ({
    ...{ method: 'POST', body: JSON.stringify(action) },
    headers: { 'content-type': 'application/json' },
  })
  await fetch(`${first.page}page/do`, post({ action: 'revoke' }))
  const { access_token: last } = await first.call(GETTOKEN)
  const pushed = await fetch(
    `${first.page}page/do`,
    post({ action: 'ticket', suiteId: 'ww-fake-suite' }),
  )
  const { suiteTicket } = (await pushed.json()) as { suiteTicket: string }
  expect(await first.stop()).toBe(0)
  expect((await stat(file)).mode & 0o777).toBe(0o600)

  const second = await running('--save', file)
  const errcodes = [access_token, revoked, last].map(async (token) => {
    return (await second.call(`user/get?access_token=${token}`)).errcode
  })
  expect(await Promise.all(errcodes)).toEqual([40014, 40014, 0])
  const suite = { suite_id: 'ww-fake-suite', suite_secret: 'fake-suite-secret' }
  const answer = await second.call('service/get_suite_token', {
    ...suite,
    suite_ticket: suiteTicket,
  })
  expect(answer).toHaveProperty('suite_access_token')
  await second.call('webhook/send?key=another-robot', MESSAGE)
  const shown = await firstEvent(second.page)
  expect(shown.match(/kept 你好/g)).toHaveLength(3)
  expect(shown).toMatch(/"robot":1[\s\S]*"robot":2/)
  expect(shown).not.toContain(String(last))
})

it('fake --save writes while it runs: a process that is killed loses nothing', async () => {
  const file = await temporaryFile()
  const { call } = await running('--save', file)
  const { access_token } = await call(GETTOKEN)
  await expect.poll(() => readFile(file, 'utf8')).toContain(access_token)
})

it.each([
  ['no JSON', 'not saved'],
  ['another version', '{"version":2}'],
  [
    'a list that is none',
    '{"version":1,"apps":{},"tickets":[],"tokens":[],"messages":[],"robots":[]}',
  ],
  [
    'an app without a secret',
    '{"version":1,"apps":[{"corpId":"x"}],"tickets":[],"tokens":[],"messages":[],"robots":[]}',
  ],
  [
    'a token without an owner',
    '{"version":1,"apps":[],"tickets":[],"tokens":[{"value":"x"}],"messages":[],"robots":[]}',
  ],
  ['nothing', ''],
])(
  'fake --save refuses a broken file, such as one with %s, and leaves it as it is',
  async (_what, text) => {
    const file = await temporaryFile()
    await writeFile(file, text)
    const { exitCode, stderr } = await run(['fake', '--save', file])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('is not a file that fake saved: delete it, or choose another --save')
    expect(await readFile(file, 'utf8')).toBe(text)
  },
)

it('fake --save says so if the file cannot be written or read', async () => {
  const file = await temporaryFile()
  const inNoFolder = await run(['fake', '--save', join(file, 'in', 'no-folder')])
  expect(inNoFolder.stderr).toContain('(ENOENT): choose another --save')
  const aFolder = await run(['fake', '--save', tmpdir(), '--lang', 'zh'])
  expect(aFolder.stderr).toContain('（EISDIR）：请换一个 --save')
})

const exec = promisify(execFile)
/** On CI a missing one is a failure. */
const has = (program: string) =>
  process.env.CI === 'true' || exec(program, ['--version']).then(Boolean, () => false)
const [hasCurl, hasPython] = await Promise.all(['curl', 'python3'].map(has))
const hasRequests =
  hasPython && (await exec('python3', ['-c', 'import requests']).then(Boolean, () => false))

/** The blocks of one language in a page of the docs, with the fake's real address. */
async function blocksOf(page: string, language: string, url: string): Promise<string[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))
  return [...blocks].map(([, block = '']) => block.replaceAll('http://127.0.0.1:8700', url))
}

/** The two functions of Python's requests that the docs use, where it is not installed. */
const REQUESTS = `
import json as reader, urllib.parse, urllib.request
class Answer:
    def __init__(self, request):
        self.text = urllib.request.urlopen(request).read()
    def json(self):
        return reader.loads(self.text)
def get(url, params):
    return Answer(url + '?' + urllib.parse.urlencode(params))
def post(url, json):
    headers = {'content-type': 'application/json'}
    return Answer(urllib.request.Request(url, reader.dumps(json).encode(), headers))
`

const PAGES = ['testing.md', 'testing.zh-CN.md']

it.skipIf(!hasCurl).each(PAGES)(
  'curl gets a token and presses a button, as %s shows it',
  async (page) => {
    const { url, call } = await running()
    const [block = ''] = await blocksOf(page, 'sh', url)
    const lines = block.split('\n').filter((line) => line.startsWith('curl '))
    const answers = lines.map(async (line) =>
      JSON.parse((await exec('sh', ['-c', `${line} -s`])).stdout),
    )
    const [token, pressed] = await Promise.all(answers)
    expect([token.errcode, pressed]).toEqual([0, { ok: true }])
    const { access_token } = await call(GETTOKEN)
    expect((await call(`user/get?access_token=${access_token}`)).errcode).toBe(0)
  },
)

it.skipIf(!hasPython).each(PAGES)(
  'a Python program calls the fake and presses a button, as %s shows it',
  async (page) => {
    const { url } = await running()
    const [program = ''] = await blocksOf(page, 'python', url)
    const folder = dirname(await temporaryFile())
    if (!hasRequests) await writeFile(join(folder, 'requests.py'), REQUESTS)
    const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' }
    const { stdout } = await exec('python3', ['-c', program], { env })
    expect(stdout).toBe('45009\n')
  },
)

const SENDER = `
import json, sys, urllib.request
url = sys.argv[1] + '/cgi-bin/'
def call(path, message=None):
    body = message and json.dumps(message).encode()
    return json.load(urllib.request.urlopen(url + path, body))
token = call('${GETTOKEN}')['access_token']
message = {'touser': '@all', 'agentid': 1, 'msgtype': 'text', 'text': {'content': '来自 Python'}}
print(call('message/send?access_token=' + token, message)['errcode'])
`

it.skipIf(!hasPython)('a message that a Python program sends is on the page', async () => {
  const { url, page } = await running()
  expect((await exec('python3', ['-c', SENDER, url])).stdout).toBe('0\n')
  expect(await firstEvent(page)).toContain('来自 Python')
})
