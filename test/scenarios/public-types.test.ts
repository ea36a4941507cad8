import axios from 'axios'
import { expectTypeOf, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import {
  createTokenSource,
  isQyapiTokenError,
  type QyapiTokenErrorCode,
  type SourceDescription,
  selfBuilt,
  type TokenEvent,
  type TokenSource,
  wrapSdk,
} from '../../src/index.js'
import type { OtelOptions, otelEvents } from '../../src/otel.js'

// `npm run types` checks these: nothing is called. Older compilers and other resolutions are tried in
// test/compile.
const client = axios.create()
const app = { corpId: 'ww', corpSecret: 'secret' }
const source = null as unknown as TokenSource
const types = (_checkedByTheCompiler: () => void) => {}

it('attached.source is typed only where there is exactly one source', () =>
  types(() => {
    expectTypeOf(attachToken(client, app).source).toEqualTypeOf<TokenSource>()
    expectTypeOf(attachToken(client, selfBuilt(app)).source).toEqualTypeOf<TokenSource>()
    expectTypeOf(attachToken(client, source).source).toEqualTypeOf<TokenSource>()
    expectTypeOf(attachToken(client, [source])).not.toHaveProperty('source')
    expectTypeOf(attachToken(client, () => source)).not.toHaveProperty('source')
    expectTypeOf(attachToken(client, [source, () => null]).detach).toEqualTypeOf<() => void>()
  }))

it('withToken returns the type of the given fetch, with a source only where there is exactly one', () =>
  types(() => {
    const own = async (_url: string) => ({ status: 200 })
    expectTypeOf(withToken(own, app)).toEqualTypeOf<typeof own & { readonly source: TokenSource }>()
    expectTypeOf(withToken(own, source).source).toEqualTypeOf<TokenSource>()
    expectTypeOf(withToken(own, [source])).toEqualTypeOf<typeof own>()
    expectTypeOf(withToken(own, () => null)).toEqualTypeOf<typeof own>()
  }))

it('a tenant is a name, a function or null, in an axios config', () =>
  types(() => {
    client.get('/user/get', { tenant: 'ww-customer' })
    client.get('/user/get', { tenant: () => source })
    client.get('/user/get', { tenant: null })
    // @ts-expect-error a number names no tenant
    client.get('/user/get', { tenant: 7 })
    attachToken(client, ({ url, method, options }) => {
      expectTypeOf(url).toEqualTypeOf<string>()
      expectTypeOf(method).toEqualTypeOf<string>()
      expectTypeOf(options).toHaveProperty('tenant')
      return null
    })
    // @ts-expect-error a function that returns nothing: `null` means "no token"
    attachToken(client, () => undefined)
  }))

it('the type of an event narrows its fields', () =>
  types(() => {
    createTokenSource(selfBuilt(app), {
      onEvent(event) {
        expectTypeOf(event.subject).toEqualTypeOf<string>()
        // @ts-expect-error not each event has a path
        event.endpoint
        if (event.type === 'skipped')
          expectTypeOf(event.reason).toEqualTypeOf<'caller_token' | 'no_source'>()
        if (event.type === 'failed') {
          expectTypeOf(event.code).toEqualTypeOf<QyapiTokenErrorCode>()
          expectTypeOf(event.tookMs).toEqualTypeOf<number | undefined>()
        }
        if (event.type === 'refused') expectTypeOf(event.ageMs).toEqualTypeOf<number>()
        if (event.type === 'adopted') expectTypeOf(event.from).toEqualTypeOf<'memory' | 'store'>()
        // @ts-expect-error no event has this type
        if (event.type === 'refreshing') return
      },
    })
    expectTypeOf<Parameters<ReturnType<typeof otelEvents>>>().toEqualTypeOf<[event: TokenEvent]>()
    expectTypeOf<OtelOptions>().toEqualTypeOf<{
      readonly endpoint?: boolean
      readonly subject?: boolean
    }>()
  }))

it('a source returns a token string, and what a call resolves with', () =>
  types(() => {
    expectTypeOf(source.get()).resolves.toEqualTypeOf<string>()
    expectTypeOf(source.run(async () => ({ errcode: 0 }))).resolves.toEqualTypeOf<{
      errcode: number
    }>()
    expectTypeOf(source.describe()).toEqualTypeOf<SourceDescription>()
    const sdk = { send: async (_token: string, text: string) => text.length }
    expectTypeOf(wrapSdk(sdk, source).send).toEqualTypeOf<(text: string) => Promise<number>>()
    // @ts-expect-error the secret is not optional
    selfBuilt({ corpId: 'ww' })
    // @ts-expect-error options of a source are the second argument
    createTokenSource({ ...app, store: undefined })
  }))

it('isQyapiTokenError narrows what was thrown', () =>
  types(() => {
    const error = null as unknown
    // @ts-expect-error nothing is known of it yet
    error.code
    if (!isQyapiTokenError(error)) return
    expectTypeOf(error.code).toEqualTypeOf<QyapiTokenErrorCode>()
    expectTypeOf(error.retryAfterMs).toEqualTypeOf<number | undefined>()
    expectTypeOf(error.retryable).toEqualTypeOf<boolean>()
  }))
