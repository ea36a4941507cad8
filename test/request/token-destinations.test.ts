import { expect, it } from 'vitest'
import { tokenDestinations } from '../../src/index.js'

it('tokenDestinations says which token a path takes, and in which parameter', () => {
  const destinationOf = tokenDestinations({
    baseUrl: 'https://proxy.example.com/wecom',
    trustedOrigins: ['https://other.example.com'],
    endpoints: [{ path: 'gateway/', token: 'app', parameter: 'gateway_token' }],
  })
  const below = (path: string) => destinationOf(`https://proxy.example.com/wecom/cgi-bin/${path}`)
  expect(below('user/get?userid=a')).toMatchObject({
    endpoint: 'user/get',
    token: 'app',
    parameter: 'access_token',
    tokenInUrl: undefined,
  })
  expect(below('service/get_corp_token')).toMatchObject({ parameter: 'suite_access_token' })
  expect(below('gateway/a?gateway_token=x')).toMatchObject({
    parameter: 'gateway_token',
    tokenInUrl: 'value',
  })
  expect(below('gettoken')).toBeUndefined()
  expect(destinationOf('https://other.example.com/wecom/cgi-bin/user/get')).toBeDefined()
})

it('request rule 1: tokenDestinations lets no token go to another origin or above /cgi-bin/', () => {
  const destinationOf = tokenDestinations()
  expect(destinationOf('https://qyapi.weixin.qq.com/cgi-bin/user/get')).toBeDefined()
  for (const url of [
    'https://qyapi.weixin.qq.com@evil.example/cgi-bin/user/get',
    'https://qyapi.weixin.qq.com/cgi-bin/../user/get',
    'https://evil.example/cgi-bin/user/get',
    'user/get',
  ])
    expect(destinationOf(url), url).toBeUndefined()
})

it('tokenDestinations refuses wrong and unknown options', () => {
  for (const options of [{ baseUrl: 'qyapi' }, { endpoints: {} }, { callerToken: 'keep' }])
    expect(() => tokenDestinations(options as never)).toThrow(
      expect.objectContaining({ code: 'bad_options' }),
    )
})
