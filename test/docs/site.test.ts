import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowser } from '../frameworks/desk.js'

const ROOT = new URL('../../', import.meta.url).pathname
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

const browser = useBrowser()
let server: Server
let address: string

beforeAll(async () => {
  expect(existsSync(join(ROOT, 'docs/site/dist')), 'npm run docs builds the site first').toBe(true)
  server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://site')
    const file = decodeURI(pathname.endsWith('/') ? `${pathname}index.html` : pathname)
    const body = await readFile(join(ROOT, 'docs/site/dist', file)).catch(() => undefined)
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    })
    response.end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server?.close())

/** A page of the site in a tab, with all that it loads and all that goes wrong there. */
async function opened(path: string) {
  const tab = await (await browser()).newPage()
  const elsewhere: string[] = []
  const wrong: string[] = []
  tab.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(address) && !url.startsWith('data:')) elsewhere.push(url)
  })
  tab.on('response', (response) => void (response.status() >= 400 && wrong.push(response.url())))
  tab.on('pageerror', (error) => wrong.push(String(error)))
  await tab.goto(`${address}${path}`)
  return { tab, elsewhere, wrong }
}

describe('the site of the docs in Chromium', () => {
  it.each([
    ['/', 'Every WeCom call with a valid access_token', 'Start'],
    ['/zh/', '每次调用企业微信，都带着有效的 access_token', '快速开始'],
  ])(
    'the home page %s shows the ten lines and leads to the first page',
    async (path, text, start) => {
      const { tab, elsewhere, wrong } = await opened(path)
      await expect.poll(() => tab.locator('#VPContent').innerText()).toContain(text)
      expect(await tab.locator('#VPContent').innerText()).toContain('attachToken(client, {')
      await tab.locator('#VPContent').getByRole('link', { name: start, exact: true }).click()
      await tab.waitForURL(`${address}${path}start.html`)
      await expect.poll(() => tab.locator('h1').innerText()).toContain(start)
      expect({ elsewhere, wrong }).toEqual({ elsewhere: [], wrong: [] })
    },
  )

  it.each([
    ['/', '45009', '/troubleshooting.html#45009'],
    ['/', 'not allow to access from your ip', '/troubleshooting.html#60020'],
    ['/zh/', '45009', '/zh/troubleshooting.html#45009'],
    ['/zh/', '租约', '/zh/'],
    ['/', 'maxAgeMs', '/'],
  ])('the search of %s finds %s', async (path, text, found) => {
    const { tab, elsewhere, wrong } = await opened(path)
    await tab.locator('#local-search button').click()
    await tab.locator('.search-input').fill(text)
    const first = tab.locator('.result').first()
    await first.waitFor()
    expect(await first.getAttribute('href')).toMatch(new RegExp(`^${found}`))
    expect({ elsewhere, wrong }).toEqual({ elsewhere: [], wrong: [] })
  })

  it('the switch of the language leads to the same page, and one that is English only says so', async () => {
    const { tab, wrong } = await opened('/limits.html')
    await tab.locator('.VPNavBarTranslations button').hover()
    await tab.getByRole('link', { name: '简体中文' }).first().click()
    await tab.waitForURL(`${address}/zh/limits.html`)
    await tab.goto(`${address}/zh/contributing.html`)
    await expect.poll(() => tab.locator('#VPContent').innerText()).toContain('本页只有英文版')
    expect(wrong).toEqual([])
  })
})
