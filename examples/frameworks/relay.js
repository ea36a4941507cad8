// Only token requests go through a relay or a proxy; business calls leave directly.
import axios from 'axios'
import { attachToken } from 'qyapi-token/axios'
import { fetchTransport } from 'qyapi-token/fetch'
import { ProxyAgent, fetch as undiciFetch } from 'undici'

/** A relay of your own: WeCom's paths below another address, e.g. https://relay.example.com/wecom. */
export function throughRelay(relayUrl, apiKey) {
  const send = fetchTransport(fetch, { headers: { 'x-relay-key': apiKey } })
  return (request, context) => {
    const { pathname, search } = new URL(request.url)
    return send({ ...request, url: `${relayUrl}${pathname}${search}` }, context)
  }
}

/** A forward proxy, e.g. http://proxy.example.com:3128, which sees only the host name. */
export function throughProxy(proxyUrl) {
  const dispatcher = new ProxyAgent(proxyUrl)
  return fetchTransport((input, init) => undiciFetch(input, { ...init, dispatcher }))
}

export function weComClient(app, { transport, baseUrl = 'https://qyapi.weixin.qq.com' }) {
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, app, { baseUrl, transport })
  return client
}
