import axios from 'axios'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { attachToken } from 'qyapi-token/axios'
import { withToken } from 'qyapi-token/fetch'

// Read at run time, so that the bundles hold neither.
const baseUrl = process.env.WECOM_URL
const appOf = (name) => ({ corpId: `ww-${name}`, corpSecret: process.env.WECOM_SECRET })

/** Next.js changes the global fetch, maybe after this file was read. */
const nextFetch = (input, init) => fetch(input, init)

/** Each route is an app of its own, so that each has to get a token. */
export function wecomFor(name, fetchToUse = nextFetch) {
  const qyFetch = withToken(fetchToUse, appOf(name), { baseUrl })
  return async (path, init) => (await qyFetch(`${baseUrl}/cgi-bin/${path}`, init)).json()
}

export function axiosFor(name) {
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, appOf(name), { baseUrl })
  return async (path) => (await client.get(path)).data
}

/** A transport of the user's own, which says no more than `no-store`: Next.js steers by its error. */
export function steeredFor(name) {
  const transport = async ({ url }) => {
    const response = await fetch(url, { cache: 'no-store' })
    return { status: response.status, body: await response.text() }
  }
  const source = createTokenSource(selfBuilt(appOf(name)), { baseUrl, transport })
  const qyFetch = withToken(nextFetch, source)
  return async (path) => (await qyFetch(`${baseUrl}/cgi-bin/${path}`)).json()
}
