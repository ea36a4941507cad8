import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import nock from 'nock'
import { beforeAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { useServers } from '../support/servers.js'
import { sourceWith } from '../support/source.js'
import { answer, OK, stubAxios } from '../support/stub-axios.js'

const { serve } = useServers()
// Its sockets have a time of their own.
beforeAll(() => nock.restore())

describe('the timeout of a call, with an axios that times it only once it is connected', () => {
  const ofVersion = (VERSION: string) => Object.assign(() => {}, axios, { VERSION })
  const sentBy = async (lib: unknown, config: AxiosRequestConfig) => {
    const { client, source, sent } = stubAxios(answer(OK), { options: { axios: lib as never } })
    await source.get()
    await client.get('/user/get', config)
    return sent[0] as InternalAxiosRequestConfig
  }

  it.each([
    ['1.17.9', ofVersion('1.17.9'), true],
    ['1.18.1', axios118, false],
    ['1.21.1', axios, false],
    ['2.0.0', ofVersion('2.0.0'), false],
  ])('is told by us until there is an answer, in version %s: %s', async (_version, lib, isOurs) => {
    expect('transport' in (await sentBy(lib, { timeout: 500 }))).toBe(isOurs)
  })

  it('is none for a call without a timeout, and left alone where the caller has a transport', async () => {
    expect(await sentBy(axios113, {})).not.toHaveProperty('transport')
    const transport = {}
    expect(await sentBy(axios113, { timeout: 500, transport })).toMatchObject({ transport })
  })

  it.each(['http', 'https'])('holds while the name is looked up, over %s', async (protocol) => {
    const baseUrl = `${protocol}://wecom.test`
    const { source } = sourceWith('token-1', { baseUrl })
    const client = axios113.create({ baseURL: `${baseUrl}/cgi-bin`, lookup: () => {} })
    attachToken(client as never, source, { axios: axios113 as never })
    await source.get()
    const error = await client.get('/user/get', { timeout: 50 }).catch((caught) => caught)
    expect(error).toMatchObject({
      message: 'timeout of 50ms exceeded',
      code: 'ECONNABORTED',
      config: { timeout: 50 },
    })
  })

  it('cuts no answer off that goes on for longer', async () => {
    const baseUrl = await serve((_request, response) => {
      const pieces = Array.from({ length: 7 }, () => 'piece')
      const next = () => {
        const piece = pieces.pop()
        if (piece === undefined) response.end()
        else response.write(piece, () => setTimeout(next, 90))
      }
      next()
    })
    const { source } = sourceWith('token-1', { baseUrl })
    const client = axios113.create({ baseURL: `${baseUrl}/cgi-bin` })
    attachToken(client as never, source, { axios: axios113 as never })
    const { data } = await client.get('/media/get', { timeout: 450 })
    expect(data).toBe('piece'.repeat(7))
  })
})
