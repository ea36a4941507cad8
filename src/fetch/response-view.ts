import { type PrivateField, privateField } from '../core/private-field.js'
import { reasonOf } from '../core/wait.js'
import type { Peeked } from '../request/peek-web-stream.js'
import { hasOwnReading, makesResponses, rebuildResponse } from './rebuild-response.js'
import { type Carried, redactHeaders, redactResponse, redactUrl } from './redact-response.js'

type PeekedBody = Peeked<ReadableStream | Uint8Array<ArrayBuffer>>

/** What a view knows of its response. */
interface Viewed {
  readonly carried: Carried
  /** A short body that was read to judge it, until the caller reads it. */
  unread?: ReadBody | undefined
  headers?: Headers
}

interface ReadBody {
  readonly peeked: PeekedBody
  readonly text: string
  /** Another response with this body. */
  rebuilt?: Response
}

export interface ResponseViews {
  /** Whether the body can be peeked and given back. */
  canPeek(response: Response): boolean
  /** Returns the caller's response without the token. */
  show(response: Response, carried: Carried): Response
  /** The same with the body that was peeked. `text`: all of it, if it is short. */
  showPeeked(
    response: Response,
    carried: Carried,
    peeked: PeekedBody,
    text: string | undefined,
  ): Response
}

/**
 * Shows responses without the token, and with the body that was read: the same object, with a
 * prototype of ours before its class. A copy would cost more than the caller's own reading; so, what
 * the caller never asks for costs nothing.
 *
 * Only for undici's responses, whose members all are JavaScript. Other runtimes read a response by its
 * native side, e.g. if a Worker returns it: there it is rebuilt.
 */
export function responseViews(isUndici: boolean): ResponseViews {
  const viewed = privateField<Viewed>()
  const kinds = new WeakMap<object, { canBeRebuilt: boolean; view: object | undefined }>()

  function kindOf(response: Response) {
    // A mock may have no prototype.
    const base: object = Object.getPrototypeOf(response) ?? response
    const known = kinds.get(base)
    if (known !== undefined) return known
    const canBeRebuilt = makesResponses(response.constructor)
    const view = isUndici && canBeRebuilt && isWhole(base) ? createView(base, viewed) : undefined
    const kind = { canBeRebuilt, view }
    kinds.set(base, kind)
    return kind
  }

  /** The field before the prototype: in the other order V8 makes a new shape for every response. */
  function view(response: Response, carried: Carried, unread?: ReadBody): boolean {
    const { view } = kindOf(response)
    if (view === undefined) return false
    viewed.put(response, { carried, unread })
    return Reflect.setPrototypeOf(response, view)
  }

  return {
    canPeek: (response) => !hasOwnReading(response) && kindOf(response).canBeRebuilt,
    show(response, carried) {
      if (!hasOwnFields(response) && view(response, carried)) return response
      return redactResponse(response, carried)
    },
    showPeeked(response, carried, peeked, text) {
      if (text === undefined || !view(response, carried, { peeked, text }))
        return rebuildResponse(response, peeked.body, carried)
      return hasOwnFields(response) ? redactResponse(response, carried) : response
    },
  }
}

/** Some wrappers define fields on each response, which would hide the view's. */
function hasOwnFields(response: Response): boolean {
  return Object.hasOwn(response, 'url') || Object.hasOwn(response, 'headers')
}

type Reading = 'arrayBuffer' | 'blob' | 'formData' | 'json' | 'text'
/** `bytes` came with Node 22. */
const READINGS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as Reading[]

/** Whether a class has all members itself: a view would hide what a subclass overrides. */
function isWhole(base: object): boolean {
  const members = ['url', 'headers', 'body', 'bodyUsed', 'clone', 'json', 'text']
  return members.every((key) => Object.hasOwn(base, key))
}

function createView(base: object, viewed: PrivateField<Viewed>): object {
  const view: object = Object.create(base)
  const inherited = <K extends keyof Response>(response: Response, key: K): Response[K] =>
    Reflect.get(base, key, response)
  const unreadOf = (response: Response) => viewed.of(response)?.unread

  /** For what is rarely asked for: another response, with a stream. */
  function rebuilt(response: Response, unread: ReadBody): Response {
    const carried = viewed.of(response)?.carried as Carried
    unread.rebuilt ??= rebuildResponse(response, unread.peeked.body, carried)
    return unread.rebuilt
  }

  function getter<K extends keyof Response>(key: K, get: (response: Response) => Response[K]) {
    const own = { get: calling(get), enumerable: true, configurable: true }
    Object.defineProperty(view, key, own)
  }

  function method(key: Reading | 'clone', call: (response: Response) => unknown) {
    Object.assign(view, { [key]: calling(call) })
  }

  getter('url', (response) => {
    const url = inherited(response, 'url')
    const carried = viewed.of(response)?.carried
    return carried ? redactUrl(url, carried) : url
  })
  getter('headers', (response) => {
    const state = viewed.of(response)
    if (state === undefined) return inherited(response, 'headers')
    state.headers ??= redactHeaders(inherited(response, 'headers'), state.carried)
    return state.headers
  })
  getter('body', (response) => {
    const unread = unreadOf(response)
    return unread ? rebuilt(response, unread).body : inherited(response, 'body')
  })
  getter('bodyUsed', (response) => {
    const unread = unreadOf(response)
    return unread ? unread.rebuilt?.bodyUsed === true : inherited(response, 'bodyUsed')
  })
  method('clone', (response) => {
    const unread = unreadOf(response)
    if (unread) return rebuilt(response, unread).clone()
    const clone = inherited(response, 'clone').call(response)
    const carried = viewed.of(response)?.carried
    if (carried) viewed.put(Object.setPrototypeOf(clone, view), { carried })
    return clone
  })
  for (const key of READINGS.filter((name) => name in base))
    method(key, (response) => {
      const state = viewed.of(response)
      const unread = state?.unread
      if (unread === undefined) return (inherited(response, key) as Response['text']).call(response)
      if (unread.rebuilt !== undefined || !(key === 'json' || key === 'text'))
        return rebuilt(response, unread)[key]()
      // From now on the response itself answers: it has been read.
      Object.assign(state as Viewed, { unread: undefined })
      return key === 'json' ? jsonOf(unread) : textOf(unread)
    })
  return view
}

function calling<T>(call: (response: Response) => T) {
  return function (this: Response): T {
    return call(this)
  }
}

async function textOf({ peeked: { signal }, text }: ReadBody): Promise<string> {
  if (signal?.aborted) throw reasonOf(signal)
  return text
}

async function jsonOf({ peeked: { signal }, text }: ReadBody): Promise<unknown> {
  if (signal?.aborted) throw reasonOf(signal)
  return JSON.parse(text)
}
