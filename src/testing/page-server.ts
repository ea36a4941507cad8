import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isQyapiTokenError } from '../core/errors.js'
import type { FakeParts } from './fake-parts.js'
import { bodyOf, type PageListener } from './fake-server.js'
import { pageActions } from './page-actions.js'
import { pageEvents } from './page-events.js'
import { parsed } from './page-masking.js'
import { fileOf } from './page-media.js'
import { pageRecord } from './page-record.js'
import type { SavedPage } from './page-save.js'
import { pageState } from './page-state.js'

/** The page's own files, beside this one and in the package. */
const FILES = `${import.meta.dirname}/page`
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Nothing from elsewhere, and in no other page. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Serves the page, its files, its events, and what its buttons do. */
export function pageServer(parts: FakeParts, saved?: SavedPage) {
  const state = pageState(parts)
  const events = pageEvents(state.now)
  const act = pageActions(parts, state, events.clear)
  const { details, robots } = pageRecord(parts, events, saved)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://fake')
    const [, , name = '', id = ''] = pathname.split('/')
    if (pathname === '/') await sendFile(response, 'index.html')
    else if (pathname === '/page/events') openEvents(request, response)
    else if (pathname === '/page/do') await control(request, response)
    else if (name === 'call') sendJson(response, 200, details(Number(id)))
    else if (name === 'media') sendMedia(response, id)
    else if (/^\/page\/[\w-]+\.\w+$/.test(pathname)) await sendFile(response, name)
    else send(response, { status: 404 })
  }

  function openEvents(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    events.open(request, response)
  }

  /** JSON only: a form of another page could send anything else without a preflight. */
  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '')
    if (request.method !== 'POST' || !isJson) {
      sendJson(response, 415, { error: 'POST one JSON object, as application/json' })
      return
    }
    try {
      sendJson(response, 200, act(parsed(await bodyOf(request))))
    } catch (error) {
      if (!isQyapiTokenError(error)) throw error
      sendJson(response, 400, { error: error.message })
    }
  }

  function sendMedia(response: ServerResponse, id: string): void {
    const upload = parts.media.get(id)
    if (upload === undefined) {
      send(response, { status: 404 })
      return
    }
    const { bytes, contentType } = fileOf(upload)
    send(response, { type: contentType, body: bytes })
  }

  const listener: PageListener = async (request, response) => {
    if (isOwnPage(request)) await answer(request, response)
    else send(response, { status: 403 })
  }
  /** What the page holds, for a next process. */
  const save = (): SavedPage => ({ messages: events.messages(), robots: robots() })
  return { listener, save }
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i

/** A name that another site had resolve to 127.0.0.1 is a foreign host (DNS rebinding). */
function isOwnPage({ headers: { host = '', origin } }: IncomingMessage): boolean {
  return LOOPBACK.test(host) && (origin === undefined || origin === `http://${host}`)
}

interface Sent {
  readonly status?: number
  readonly type?: string
  readonly body?: string | Uint8Array
}

function sendJson(response: ServerResponse, status: number, json: object): void {
  send(response, { status, type: 'application/json', body: JSON.stringify(json) })
}

function send(response: ServerResponse, { status = 200, type, body = '' }: Sent): void {
  response.writeHead(status, { ...HEADERS, ...(type && { 'content-type': type }) }).end(body)
}

async function sendFile(response: ServerResponse, name: string): Promise<void> {
  const type = TYPES[name.split('.')[1] ?? '']
  const body = await readFile(`${FILES}/${name}`).catch(() => undefined)
  send(response, type === undefined || body === undefined ? { status: 404 } : { type, body })
}
