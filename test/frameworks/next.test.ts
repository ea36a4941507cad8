import { type ChildProcess, spawn } from 'node:child_process'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { fakeQyapi } from '../../src/testing.js'
import { usePackage } from '../package/packed.js'

const APP = fileURLToPath(new URL('./next-app/', import.meta.url))
const SECRET = 'S3cr3tOfTheApps'
const ROUTES = [
  ...['static', 'isr', 'later', 'forced', 'kept', 'steered', 'twice'],
  ...['handler', 'cached', 'edge', 'axios'],
]

/** Those that are generated in the build, where a call of WeCom's has to be made. */
const GENERATED = ['static', 'isr', 'kept']

const ours = usePackage()

describe.each([
  ['14.2.29', '18.3.1'],
  ['15.3.6', '19.1.0'],
  ['16.4.6', '19.2.0'],
])('Next.js %s', (next, react) => {
  /** Gives the same string again while that lives, also after it was refused. */
  const wecom = fakeQyapi({
    tokens: 'same',
    tokenText: (count, { corpId }) => `T0ken-${corpId}-${count}`,
    apps: ROUTES.map((name) => ({ corpId: `ww-${name}`, corpSecret: SECRET })),
  })
  let project: string
  let built: Program
  let running: Program
  let address: string
  /** Token requests of each route in the build. */
  let fetchedInBuild: Record<string, number>

  const fetched = (name: string) => wecom.count('gettoken', `ww-${name}`)
  const called = (name: string) => wecom.count('user/get', `ww-${name}`)
  const open = async (path: string) => {
    const response = await fetch(`${address}/${path}`)
    const text = await response.text()
    const shown = /<pre>(.*?)<\/pre>/.exec(text)?.[1] ?? JSON.parse(text).userid
    return { status: response.status, shown }
  }

  beforeAll(async () => {
    const dependencies = { next, react, 'react-dom': react, axios: '1.21.1' }
    project = await ours.project(`next-${next}`, dependencies)
    await cp(APP, project, { recursive: true })
    const env = { WECOM_URL: await wecom.listen(), WECOM_SECRET: SECRET }
    built = program(project, ['build'], env)
    await built.ended
    fetchedInBuild = Object.fromEntries(ROUTES.map((name) => [name, fetched(name)]))
    if (built.child.exitCode !== 0) return
    running = program(project, ['start', '--port', '0', '--hostname', '127.0.0.1'], env)
    address = await running.said(/http:\/\/127\.0\.0\.1:[1-9]\d*/)
  })

  afterAll(async () => {
    running?.child.kill('SIGKILL')
    await wecom.close()
  })

  it('Next.js builds, with a token request for each page that is generated then', () => {
    expect(built.child.exitCode, built.output()).toBe(0)
    for (const name of GENERATED) expect(fetchedInBuild[name], name).toBeGreaterThan(0)
  })

  it('a page stays as static or dynamic as it is without us', () => {
    const kindOf = (name: string) => new RegExp(`([○●ƒ]) /${name}\\b`).exec(built.output())?.[1]
    for (const name of GENERATED) expect(kindOf(name), name).toBe('○')
    expect(kindOf('later')).toBe('●')
    expect(kindOf('forced')).toBe('ƒ')
  })

  it("Next's own error, by a transport of the user's, reaches it and makes the page dynamic", async () => {
    expect(built.output()).toMatch(/ƒ \/steered\b/)
    expect(fetchedInBuild.steered).toBe(0)
    expect(await open('steered')).toEqual({ status: 200, shown: 'steered' })
  })

  it.each([
    ...['static', 'isr', 'later/1', 'forced', 'kept', 'twice', 'handler'],
    ...['cached?userid=cached', 'edge?userid=edge', 'axios'],
  ])('the page /%s is answered', async (path) => {
    const [name] = path.split(/\W/)
    expect(await open(path)).toEqual({ status: 200, shown: name })
    expect(fetched(name as string)).toBeGreaterThan(0)
  })

  it('rule 8: a refused answer is not given again once the same string came back', async () => {
    await open('cached?userid=before')
    wecom.revoke({ corpId: 'ww-cached' })
    const before = fetched('cached')
    for (let times = 1; times <= 3; times += 1)
      expect(await open('cached?userid=after')).toEqual({ status: 200, shown: 'after' })
    // From now on the data cache answers, as the route wants it.
    const callsOfOneMore = async () => {
      const calls = called('cached')
      await open('cached?userid=after')
      return called('cached') - calls
    }
    await expect.poll(callsOfOneMore).toBe(0)
    expect(fetched('cached')).toBe(before + 1)
  })

  it.each(['forced', 'edge', 'axios', 'later'])(
    'a refused call of /%s is replayed',
    async (name) => {
      const path = { edge: 'edge?userid=edge', later: 'later/2' }[name] ?? name
      wecom.revoke({ corpId: `ww-${name}` })
      expect(await open(path)).toEqual({ status: 200, shown: name })
    },
  )

  it('a refused call is replayed where React answers equal GETs of one render by the first', async () => {
    wecom.revoke({ corpId: 'ww-twice' })
    expect(await open('twice')).toEqual({ status: 200, shown: 'twice' })
  })

  it('rule 12: nothing of a token request lies in .next, nor the secret in what it prints', async () => {
    expect(built.output() + running.output()).not.toContain(SECRET)
    const kept = await keptUnder(join(project, '.next'))
    expect(kept.length).toBeGreaterThan(20)
    expect(kept.filter(({ text }) => text.includes(SECRET)).map(({ path }) => path)).toEqual([])
    // What the pages themselves let Next.js keep is of business calls, under their urls.
    const withToken = kept.filter(({ text }) => text.includes('T0ken-'))
    for (const { path, text, answer } of withToken) {
      expect(path).toContain('fetch-cache')
      expect(text).toContain('/cgi-bin/user/get?')
      expect(answer).not.toContain('T0ken-')
    }
  })
})

interface Program {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  output(): string
  /** Waits until it prints this. */
  said(pattern: RegExp): Promise<string>
}

function program(cwd: string, args: readonly string[], own: Record<string, string>): Program {
  const env = { ...process.env, ...own, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined }
  const next = join('node_modules', 'next', 'dist', 'bin', 'next')
  const child = spawn(process.execPath, [next, ...args], {
    cwd,
    env: { ...env, FORCE_COLOR: '0', NO_COLOR: undefined, VITEST: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    child,
    ended,
    output: () => output,
    said: (pattern) =>
      vi.waitFor(
        () => {
          const text = pattern.exec(output)?.[0]
          if (text === undefined) throw new Error(`next ${args[0]} printed ${output}`)
          return text
        },
        { timeout: 300_000, interval: 100 },
      ),
  }
}

/**
 * Every file (one may be gone by the time that it is read), with the answer of one that is an entry of the data cache, which is in
 * Base64.
 */
async function keptUnder(path: string): Promise<{ path: string; text: string; answer: string }[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const text = await readFile(join(parentPath, name), 'latin1').catch(() => '')
      const body = /"body":"([^"]*)"/.exec(text)?.[1] ?? ''
      return { path: join(parentPath, name), text, answer: Buffer.from(body, 'base64').toString() }
    }),
  )
}
