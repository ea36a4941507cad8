import type { FakeAnswer, FakeRequest } from './fake-answers.js'
import type { FakeTokenOwner } from './fake-tokens.js'

/**
 * Answers a token or ticket request. If the path takes a token itself, that one was valid, and
 * `holder` is its owner.
 */
export type TokenCall = (request: FakeRequest, holder: FakeTokenOwner | undefined) => FakeAnswer

export type TokenCalls = Readonly<Record<string, TokenCall>>

/** The fields of a JSON body, numbers as text; empty, if it is not JSON. */
export function fieldsOf({ body }: FakeRequest): Readonly<Record<string, string | undefined>> {
  const fields = Object.entries(parsed(body)).filter(([, value]) => value !== null)
  return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]))
}

function parsed(body: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** The corp whose token a token request requests. */
export function requestedCorp(request: FakeRequest): string | undefined {
  const { auth_corpid, corpid } = fieldsOf(request)
  return request.query.get('corpid') ?? auth_corpid ?? corpid
}
