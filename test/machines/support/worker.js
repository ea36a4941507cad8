// One process of a user's. It calls WeCom through the fetch entry, over a Redis that all have, does what
// its parent says, and reports everything that happens. It ends with its parent.
import { createHash } from 'node:crypto'
import process from 'node:process'
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { withToken } from 'qyapi-token/fetch'
import { redisStore } from 'qyapi-token/stores/redis'

const { baseUrl, corpSecret, redis, client, storeOptions, wayToWecom, endpointCooldownMs } =
  JSON.parse(process.argv[2])

/** In batches, so that reporting takes little time from the load. */
let unreported = []
const flush = () => {
  if (unreported.length > 0 && process.connected) process.send(unreported)
  unreported = []
}
function report(entry, isUrgent = true) {
  if (unreported.length === 0 && !isUrgent) setTimeout(flush, 25)
  unreported.push({ at: Date.now(), ...entry })
  if (isUrgent) flush()
}
process.once('disconnect', () => process.exit())

/** A token as the history has it: the fake numbers them. */
const named = (token) => (token === null ? '' : (/_(\d+)-/.exec(token)?.[1] ?? digest(token)))
const digest = (text) => createHash('sha256').update(text).digest('hex').slice(0, 8)

let commands = 0
const store = redisStore(await connected(), storeOptions)

async function connected() {
  if (client === '@redis/client') {
    const connection = createClient({ socket: { port: redis.port } })
    connection.on('error', () => {})
    return connection.connect()
  }
  const connection = new Redis(redis)
  connection.on('error', () => {})
  return async ([name, ...args]) => {
    commands += 1
    return connection.call(name, ...args)
  }
}

/** The fetch below withToken: sees each sending, and the token calls. */
async function seenFetch(input, init) {
  const { pathname, searchParams } = new URL(input)
  const sentAt = Date.now()
  if (pathname.endsWith('/gettoken')) {
    report({ what: 'asks' })
    const response = await fetch(wayToWecom ?? input, init)
    const { access_token: token = null } = await response
      .clone()
      .json()
      .catch(() => ({}))
    report({ what: 'got', token: named(token) }, false)
    return response
  }
  const response = await fetch(input, init)
  const errcode = Number(response.headers.get('error-code'))
  report({ what: 'answer', token: named(searchParams.get('access_token')), sentAt, errcode }, false)
  return response
}

const qyFetch = withToken(
  seenFetch,
  { corpId: 'ww-fake', corpSecret },
  {
    baseUrl,
    store,
    onEvent: (event) => report({ what: 'event', event }, false),
    refreshBudget: 1_000,
    endpointCooldownMs,
  },
)

let calls = 0

/** One call, and how it ended for its caller. */
async function call(path = 'user/get') {
  calls += 1
  const id = calls
  const startedAt = Date.now()
  report({ what: 'begins', call: id }, false)
  const outcome = await qyFetch(`${baseUrl}/cgi-bin/${path}`)
    .then((response) => response.json())
    .then(
      ({ errcode }) => ({ errcode }),
      (error) => ({ code: error.code ?? error.name, message: error.message }),
    )
  const ended = { ...outcome, tookMs: Date.now() - startedAt }
  report({ what: 'ends', call: id, path, startedAt, ...ended }, false)
  return ended
}

/** The first so many corps, all cold and at once: how many of them get a token. */
async function burst(count) {
  const tokens = Array.from({ length: count }, (_, at) => {
    const app = selfBuilt({ corpId: `ww-corp-${at}`, corpSecret })
    return createTokenSource(app, { baseUrl, store }).get()
  })
  const outcomes = await Promise.allSettled(tokens)
  return outcomes.filter(({ status }) => status === 'fulfilled').length
}

/** During load: reports when this process should have run and did not. */
function tellDelays() {
  const everyMs = 25
  let due = Date.now() + everyMs
  return setInterval(() => {
    const from = due
    due = Date.now() + everyMs
    if (Date.now() > from) report({ what: 'late', from }, false)
  }, everyMs)
}

const PATHS = ['user/get', 'message/send', 'department/list', 'agent/get']
let load
let delays

const DO = {
  call: ({ count }) => Promise.all(Array.from({ length: count }, () => call())),
  burst: ({ count }) => burst(count),
  load: ({ everyMs }) => {
    let turn = 0
    delays = tellDelays()
    load = setInterval(() => {
      turn += 1
      void call(PATHS[turn % PATHS.length])
    }, everyMs)
  },
  rest: () => {
    clearInterval(load)
    clearInterval(delays)
  },
  commands: () => commands,
  generation: () => qyFetch.source.describe().generation,
  token: async () => named(await qyFetch.source.get()),
}

process.on('message', async (order) => {
  report({ what: 'done', order: order.id, result: await DO[order.do](order) })
})
report({ what: 'ready' })
