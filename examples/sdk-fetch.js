// Satori's WeCom adapter keeps a token of its own and calls the global fetch. With that wrapped, and
// callerToken: 'replace', every call gets our token in its place.
import { createRequire } from 'node:module'
import { withToken } from 'qyapi-token/fetch'
import { sendThroughRevocations } from './support/revocations.js'
import { startWeCom } from './support/wecom.js'

// The adapter is CommonJS, and has to meet the same copy of Satori's core.
const require = createRequire(import.meta.url)
const { Context, HTTP, Universal } = require('@satorijs/core')
const { WecomBot } = require('@satorijs/adapter-wecom')

const { baseUrl, app, wecom, stop } = await startWeCom()

globalThis.fetch = withToken(fetch, app, { baseUrl, callerToken: 'replace' })

const context = new Context()
const online = new Promise((resolve) => {
  context.on('login-updated', ({ bot }) => {
    if (bot.status === Universal.Status.ONLINE) resolve(bot)
  })
})
context.plugin(HTTP)
context.provide('server', { get() {}, post() {} }) // takes callbacks, which there are none of here
context.plugin(WecomBot, {
  corpId: app.corpId,
  secret: app.corpSecret,
  agentId: '1000002',
  token: 'callback-token',
  endpoint: baseUrl,
})
await context.start()
const bot = await online

async function send(text) {
  const session = bot.session({ user: { id: 'zhangsan' } })
  const ids = await bot.sendMessage('zhangsan', text, undefined, { session })
  return ids.length === 1
}

// Two gettoken were made when the bot came online: its own, and ours.
await sendThroughRevocations(wecom, send)
await bot.stop()
await stop()
