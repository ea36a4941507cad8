import { isPlainObject } from '../core/check.js'
import { parsed, tryRead } from '../core/errcode.js'
import { textOf } from '../core/platform.js'

/** What a message says of its receivers. */
export interface Receivers {
  /** Each member that is named, once; WeCom does not distinguish upper and lower case. */
  readonly members: readonly string[]
  readonly isToAll: boolean
  /** The app that sends it. */
  readonly agentId: string | undefined
}

/** A message is much shorter. */
const LONGEST_READ = 1_000_000

/** The receivers in a message's body. Parties and tags are lists that only WeCom knows. */
export function receiversIn(body: unknown): Receivers {
  return tryRead(() => read(body)) ?? UNKNOWN
}

/** Of a body that cannot be read, such as an SDK's object whose getters throw. */
const UNKNOWN: Receivers = { members: [], isToAll: false, agentId: undefined }

function read(body: unknown): Receivers {
  const { touser, agentid } = messageIn(body)
  const users = Array.isArray(touser) ? touser : String(touser ?? '').split('|')
  const names = users.map((user) => String(user).trim().toLowerCase()).filter((name) => name !== '')
  const agentId = agentid === undefined ? undefined : String(agentid)
  return { members: [...new Set(names)], isToAll: names.includes(ALL), agentId }
}

const ALL = '@all'

/** JSON as text or bytes, or an object. Forms and streams are not read. */
function messageIn(body: unknown): { touser?: unknown; agentid?: unknown } {
  const text = textIn(body)
  // An object of a class, too: an SDK's message.
  if (text === undefined) return Object(body)
  const message = text.length > LONGEST_READ ? undefined : parsed(text)
  return isPlainObject(message) ? message : {}
}

function textIn(body: unknown): string | undefined {
  if (typeof body === 'string') return body
  if (body instanceof ArrayBuffer) return textOf(new Uint8Array(body))
  if (ArrayBuffer.isView(body))
    return textOf(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
  return undefined
}
