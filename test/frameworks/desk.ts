import { existsSync } from 'node:fs'
import axios, { type AxiosInstance } from 'axios'
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core'
import { afterAll, beforeEach, expect, onTestFinished } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { fakeQyapi } from '../../src/testing.js'

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium'

const APP = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
const SUITE = {
  suiteId: 'ww-fake-suite',
  suiteSecret: 'fake-suite-secret',
  corps: [{ corpId: 'ww-fake-corp', permanentCode: 'fake-permanent-code' }],
}

/** One browser for a file. Where there is none its tests are skipped; on CI they fail. */
export function useBrowser() {
  const isMissing = !existsSync(CHROMIUM)
  let browser: Browser | undefined
  beforeEach(({ skip }) => skip(isMissing && !process.env.CI, `needs ${CHROMIUM}`))
  afterAll(() => browser?.close())

  return async (options: BrowserContextOptions = {}) => {
    const args = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ]
    browser ??= await chromium.launch({ executablePath: CHROMIUM, args })
    const viewport = { width: 1440, height: 900 }
    const context = await browser.newContext({ locale: 'en-US', viewport, ...options })
    onTestFinished(() => context.close())
    return context
  }
}

/** A fake with an attached client, and its page in a tab. */
export async function openDesk(context: Awaited<ReturnType<ReturnType<typeof useBrowser>>>) {
  const wecom = fakeQyapi({ apps: [APP], suites: [SUITE] })
  const address = await wecom.page()
  onTestFinished(() => wecom.close())
  const baseUrl = address.slice(0, -1)
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })

  const tab = await context.newPage()
  const requested: string[] = []
  const wrong: string[] = []
  tab.on('request', (request) => requested.push(request.url()))
  tab.on('pageerror', (error) => wrong.push(String(error)))
  tab.on('console', (line) => void (line.type() === 'error' && wrong.push(line.text())))
  await tab.goto(address)
  await tab.locator('.live[data-live="live"]').waitFor()
  return { wecom, client, address, tab, requested, wrong }
}

/** Waits for each text: the browser draws a list's new parts a frame after they are in it. */
export async function expectShown(part: Locator, texts: readonly (string | RegExp)[]) {
  for (const text of texts) {
    await expect.poll(() => part.innerText()).toMatch(text)
  }
}

export interface Content {
  readonly touser?: string
  readonly agentid?: number
  readonly safe?: number
  readonly [name: string]: unknown
}

export function send(client: AxiosInstance, msgtype: string, content: object, more: Content = {}) {
  const to = { touser: 'zhangsan', agentid: 1000002 }
  return client.post('/message/send', { ...to, ...more, msgtype, [msgtype]: content })
}

export async function upload(client: AxiosInstance, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const form = new FormData()
  form.append('media', new Blob([bytes]), name)
  const { data } = await client.post('/media/upload?type=image', form)
  return String(data.media_id)
}

/** A picture that the browser draws itself, as PNG. */
export async function drawnPicture(tab: Page): Promise<Uint8Array<ArrayBuffer>> {
  const drawn = await tab.evaluate(DRAW)
  return Uint8Array.from(Buffer.from(String(drawn).split(',')[1] ?? '', 'base64'))
}

/** Runs in the browser: hills under a sky. */
const DRAW = `(() => {
  const canvas = document.createElement('canvas')
  canvas.width = 360
  canvas.height = 200
  const pen = canvas.getContext('2d')
  const sky = pen.createLinearGradient(0, 0, 0, 200)
  sky.addColorStop(0, '#8fc1f5')
  sky.addColorStop(1, '#fde6c8')
  pen.fillStyle = sky
  pen.fillRect(0, 0, 360, 200)
  pen.fillStyle = '#fff6d8'
  pen.arc(270, 66, 24, 0, 7)
  pen.fill()
  for (const [colour, height, width] of [['#6f9ec9', 120, 70], ['#4a7fb5', 150, 45], ['#2f5f96', 172, 90]]) {
    pen.fillStyle = colour
    pen.beginPath()
    pen.moveTo(0, 200)
    for (let x = 0; x <= 360; x += 6) pen.lineTo(x, height + 18 * Math.sin(x / width + height))
    pen.lineTo(360, 200)
    pen.fill()
  }
  return canvas.toDataURL('image/png')
})()`
