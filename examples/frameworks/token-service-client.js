// A Node program that uses the token service: it never calls gettoken and has no secret.
import axios from 'axios'
import { remoteToken } from 'qyapi-token'
import { attachToken } from 'qyapi-token/axios'

export function weComClient({ name, serviceUrl, apiKey, baseUrl = 'https://qyapi.weixin.qq.com' }) {
  const url = `${serviceUrl}/token`
  const headers = { authorization: `Bearer ${apiKey}` }

  const credential = remoteToken({
    name,
    async get({ signal }) {
      const response = await fetch(url, { headers, signal })
      if (!response.ok) throw new Error(`The token service answered ${response.status}`)
      return response.json()
    },
    refused: (token) => fetch(url, { method: 'DELETE', headers, body: token }),
  })

  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, credential, { baseUrl })
  return client
}
