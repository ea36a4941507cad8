import type { Exchange } from './fake-log.js'
import type { fakeMedia } from './fake-media.js'
import type { FakeTokens } from './fake-tokens.js'
import { type Masking, parsed } from './page-masking.js'

/** One line of the calls. */
export interface CallEntry {
  readonly id: number
  readonly at: number
  readonly ms: number
  readonly method: string
  readonly path: string
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly corpId: string | undefined
  /** The number of the token that it carried. */
  readonly token: number | undefined
  readonly status: number
  readonly errcode: number | undefined
  /** The connection was cut instead of, or within, the answer. */
  readonly cut: boolean
}

/** One message that an app or a group robot sent. */
export interface MessageEntry {
  readonly id: number
  readonly at: number
  readonly corpId: string | undefined
  /** The number of the group robot, in the order of their first messages. */
  readonly robot: number | undefined
  readonly chatId: string | undefined
  /** As it was sent, without tokens and secrets. */
  readonly message: Readonly<Record<string, unknown>>
  /** The names of its uploaded files and what they are, by media_id. */
  readonly files: Readonly<Record<string, { readonly name: string; readonly type: string }>>
}

/** The paths that send messages of one format. */
const SENDING = new Set(['message/send', 'linkedcorp/message/send', 'appchat/send', 'webhook/send'])

/** Whether a message was sent: WeCom shows none that it refused. */
export function isMessage({ request, answer }: Exchange): boolean {
  return SENDING.has(request.path) && answer.json?.errcode === 0
}

/** Any of the five parameters that carry a token. */
const TOKEN_NAME = /_?access_token$/

export function callEntry(
  id: number,
  { at, ms, request, answer, next }: Exchange,
  { mask, tokens }: { mask: Masking; tokens: FakeTokens },
): CallEntry {
  const { method, path, query, corpId } = request
  const carried = [...query].find(([name]) => TOKEN_NAME.test(name))?.[1] ?? null
  const errcode = answer.json?.errcode
  return {
    ...{ id, at, method, corpId },
    ms: Math.round(ms * 10) / 10,
    path: String(mask.texts(path)),
    query: mask.query(query),
    token: tokens.find(carried)?.number,
    status: answer.status ?? 200,
    errcode: typeof errcode === 'number' ? errcode : undefined,
    cut: next.reset === true || next.truncate === true,
  }
}

export function messageEntry(
  id: number,
  { at, request }: Exchange,
  { mask, robotOf, filesOf }: MessageParts,
): MessageEntry {
  const { path, query, corpId, body } = request
  const message = withUploadedImage(parsed(body) ?? {}, filesOf.add)
  const { chatid } = message as { chatid?: unknown }
  return {
    ...{ id, at, corpId },
    robot: path === 'webhook/send' ? robotOf(query.get('key') ?? '') : undefined,
    chatId: typeof chatid === 'string' ? chatid : undefined,
    message: mask.texts(message) as MessageEntry['message'],
    files: filesOf.named(JSON.stringify(message)),
  }
}

interface MessageParts {
  readonly mask: Masking
  readonly robotOf: (key: string) => number
  readonly filesOf: {
    add(upload: Parameters<ReturnType<typeof fakeMedia>['add']>[0]): string
    named(text: string): MessageEntry['files']
  }
}

/** A robot's image comes in base64: it is kept like an upload. */
function withUploadedImage(message: object, add: MessageParts['filesOf']['add']): object {
  const { image } = message as { image?: { base64?: unknown } }
  if (typeof image?.base64 !== 'string') return message
  const media_id = add({ contentType: '', body: Buffer.from(image.base64, 'base64') })
  return { ...message, image: { media_id } }
}
