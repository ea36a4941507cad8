import { request as httpRequest } from 'node:http'
import { onTestFinished } from 'vitest'
import { type FakeQyapiOptions, fakeQyapi } from '../../src/testing.js'

export const APP = { corpId: 'ww-desk', corpSecret: 'secret-of-the-desk' }

/** One event of the page. */
export interface News {
  readonly id: string
  readonly reset?: boolean
  readonly calls: readonly Readonly<Record<string, unknown>>[]
  readonly messages: readonly Readonly<Record<string, unknown>>[]
  readonly state: {
    readonly owners: readonly Readonly<Record<string, unknown>>[]
    readonly [name: string]: unknown
  }
}

/** A fake with its page, and what a browser does with it, over real HTTP. */
export async function openedPage(options: FakeQyapiOptions = { apps: [APP] }) {
  const wecom = fakeQyapi(options)
  const page = await wecom.page()
  onTestFinished(() => wecom.close())
  const baseUrl = page.slice(0, -1)

  const call = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    return (await fetch(`${baseUrl}/cgi-bin/${path}`, init)).json() as Promise<
      Record<string, unknown>
    >
  }
  const gettoken = async ({ corpId, corpSecret } = APP) =>
    String((await call(`gettoken?corpid=${corpId}&corpsecret=${corpSecret}`)).access_token)
  const act = async (action: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(action) }
    const response = await fetch(`${page}page/do`, init)
    return { status: response.status, ...((await response.json()) as Record<string, unknown>) }
  }

  /** The first event after the one with this id that satisfies a condition. */
  async function news(
    lastEventId = '',
    isWanted: (one: News) => boolean = () => true,
  ): Promise<News> {
    const headers = { 'last-event-id': lastEventId }
    const response = await fetch(`${page}page/events`, { headers })
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      for (const [, id = '', data = ''] of text.matchAll(/id: (.*)\ndata: (.*)\n\n/g)) {
        const one = { id, ...JSON.parse(data) }
        if (isWanted(one)) return one
      }
    }
    throw new Error('The events ended')
  }
  return { wecom, page, baseUrl, call, gettoken, act, news }
}

/** A request with headers that fetch forbids; resolves with the status, the headers and the body. */
export function rawRequest(
  url: string,
  headers: Record<string, string>,
  { method = 'GET', body = '' } = {},
): Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode, headers: response.headers, body: text })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
