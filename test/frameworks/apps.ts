import { type ChildProcess, spawn } from 'node:child_process'
import { cp, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { fakeQyapi } from '../../src/testing.js'
import { run, usePackage } from '../package/packed.js'

const EXAMPLES = fileURLToPath(new URL('../../examples/frameworks/', import.meta.url))
const SECRET = 'S3cr3tOfTheApps'
const NAMES = [
  ...['nest', 'urllib', 'express', 'worker', 'cut-off', 'serverless'],
  ...['service', 'outage', 'relay', 'proxy'],
]

const FRAMEWORKS = {
  '@nestjs/axios': '4.0.1',
  '@nestjs/common': '11.1.6',
  '@nestjs/config': '4.0.2',
  '@nestjs/core': '11.1.6',
  axios: '1.21.1',
  esbuild: '0.28.2',
  express: '5.1.0',
  ioredis: '6.0.0',
  miniflare: '4.20260426.0',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  undici: '7.30.2',
  urllib: '4.9.2',
}

export const USER = { errcode: 0, userid: 'zhangsan', name: '张三' }

/** An axios instance, as far as the tests use it. */
export interface Client {
  get(path: string, config: object): Promise<{ readonly data: unknown }>
}

/** Each test's own app. */
export const appOf = (name: string) => ({ corpId: `ww-${name}`, corpSecret: SECRET })
export const wecom = fakeQyapi({ apps: NAMES.map(appOf) })
export const fetched = (name: string) => wecom.count('gettoken', `ww-${name}`)

const ours = usePackage()
/** Where the frameworks are installed, and the examples beside them. */
export let project: string
export let baseUrl: string

export async function install(): Promise<void> {
  project = await ours.project('apps', FRAMEWORKS)
  await cp(EXAMPLES, project, { recursive: true })
  await writeFile(join(project, 'load.cjs'), 'module.exports = (name) => import(name)')
  await run('npm', ['pkg', 'set', 'type=module'], project)
  baseUrl = await wecom.listen()
}

export const close = () => wecom.close()

/** Imports as Node does in the project, past vitest. */
export async function load<T>(specifier: string): Promise<T> {
  return createRequire(join(project, 'load.cjs'))('./load.cjs')(specifier)
}

export const environment = (name: string) => ({
  WECOM_URL: baseUrl,
  WECOM_CORPID: `ww-${name}`,
  WECOM_CORPSECRET: SECRET,
  TOKEN_KEY: Buffer.alloc(32, 7).toString('base64'),
})

/** Twenty calls at once cost one token request, and once WeCom refuses the token one more. */
export async function servesAndHeals(name: string, call: (index: number) => Promise<unknown>) {
  const twenty = () => Promise.all(Array.from({ length: 20 }, (_, index) => call(index)))
  for (const answer of await twenty()) expect(answer).toMatchObject(USER)
  expect(fetched(name)).toBe(1)
  wecom.revoke({ corpId: `ww-${name}` })
  for (const answer of await twenty()) expect(answer).toMatchObject(USER)
  expect(fetched(name)).toBe(2)
}

export const json = async (url: string, init?: RequestInit) => (await fetch(url, init)).json()

export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts a program of the project that prints where it listens. */
export async function started(file: string, env: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [file], {
    cwd: project,
    env: { ...process.env, ...env, VITEST: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  const address = await vi.waitFor(
    () => {
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? []
      if (found === undefined) throw new Error(`${file} printed ${output}`)
      return found
    },
    { timeout: 120_000, interval: 50 },
  )
  return { address, stop: () => child.kill('SIGKILL') }
}
