import { type Failure, fail, type Line, ok, type Say, warn } from './line.js'

export function noDriverLine(say: Say): Line {
  return warn(
    'redis',
    say(
      'REDIS_URL is set, but this folder has no Redis client',
      '设置了 REDIS_URL，但当前目录没有安装 Redis 客户端',
    ),
    say(
      'npm install ioredis (or @redis/client) in your project, and run doctor there.',
      '在你的项目里 npm install ioredis（或 @redis/client），并在项目目录运行 doctor。',
    ),
  )
}

type Reached = { readonly connectMs: number; readonly pingMs: number }

export function connectLine(
  driver: string,
  url: string,
  outcome: Failure | Reached,
  say: Say,
): Line {
  const place = (URL.canParse(url) && new URL(url).host) || 'REDIS_URL'
  if (!('code' in outcome)) {
    const { pingMs } = outcome
    const took = `${pingMs.toFixed(1)} ms`
    const found = say(
      `${place} answers in ${took} (${driver})`,
      `${place} 应答用时 ${took}（${driver}）`,
    )
    // From here on a slow store is skipped now and then.
    if (pingMs < 100) return ok('redis', found)
    return warn(
      'redis',
      found,
      say(
        'That is slow: use a Redis nearby. A store that takes longer than 400 ms is skipped.',
        '偏慢：请使用就近的 Redis。超过 400 ms 的存储会被跳过。',
      ),
    )
  }
  const said = outcome.message.slice(0, 200)
  const isRefused = /NOAUTH|WRONGPASS|invalid password|NOPERM|invalid url|URI malformed/i.test(said)
  return fail(
    'redis',
    say(`no connection to ${place}: ${said}`, `无法连接 ${place}：${said}`),
    isRefused
      ? say(
          'Check user and password in REDIS_URL: redis://user:password@host:port, where # is written %23, / %2F and % %25.',
          '检查 REDIS_URL 里的用户名和密码：redis://user:password@host:port，其中 # 写成 %23，/ 写成 %2F，% 写成 %25。',
        )
      : say(
          'Start Redis, or check REDIS_URL (rediss:// for TLS) and the firewall. Until then each process fetches its own token.',
          '启动 Redis，或检查 REDIS_URL（TLS 用 rediss://）和防火墙。在此之前每个进程各自获取 token。',
        ),
  )
}

/** The commands that the store's scripts call. */
const NEEDED = '+eval +evalsha +get +set +del +pttl +time'

export function scriptsLine(failure: Failure | undefined, say: Say): Line {
  if (failure === undefined)
    return ok('scripts', say('the scripts of the store run', '存储的脚本可以运行'))
  const said = failure.message.slice(0, 200)
  const found = say(`the scripts of the store do not run: ${said}`, `存储的脚本无法运行：${said}`)
  if (/NOPERM|no permission|can't access/i.test(said))
    return fail(
      'scripts',
      found,
      say(
        `Give the user the right to run scripts on our keys: ACL SETUSER <user> ${NEEDED} ~*{qyapi-token:*`,
        `给该用户授予在这些键上运行脚本的权限：ACL SETUSER <user> ${NEEDED} ~*{qyapi-token:*`,
      ),
    )
  if (/READONLY/i.test(said))
    return fail(
      'scripts',
      found,
      say(
        'This is a replica: let REDIS_URL name the primary.',
        '这是只读副本：REDIS_URL 请指向主节点。',
      ),
    )
  return fail(
    'scripts',
    found,
    say(
      'The store needs Redis 5 or newer, or Valkey, with EVAL. Proxies in front of Redis may lack it.',
      '存储需要 Redis 5 或更新版本，或 Valkey，并支持 EVAL。Redis 前面的代理可能不支持。',
    ),
  )
}

export function evictionLine(outcome: Failure | { readonly info: string }, say: Say): Line {
  const unknown = say('the eviction policy is not readable', '无法读取淘汰策略')
  if ('code' in outcome)
    return warn(
      'eviction',
      `${unknown}: ${outcome.message.slice(0, 200)}`,
      say(
        'Make sure that maxmemory-policy is noeviction, or allow INFO.',
        '确认 maxmemory-policy 是 noeviction，或放行 INFO。',
      ),
    )
  const [, policy = ''] = /maxmemory_policy:([\w-]+)/.exec(outcome.info) ?? []
  const [, most = '0'] = /maxmemory:(\d+)/.exec(outcome.info) ?? []
  if (policy === 'noeviction' || most === '0')
    return ok('eviction', most === '0' ? say('no memory limit', '没有内存上限') : policy)
  return warn(
    'eviction',
    say(
      `maxmemory-policy ${policy}: tokens may be evicted`,
      `maxmemory-policy ${policy}：token 可能被淘汰`,
    ),
    say(
      'Use noeviction, or a Redis of its own: an evicted token costs a gettoken.',
      '使用 noeviction，或单独的 Redis：token 被淘汰就要重新 gettoken。',
    ),
  )
}

/** A token or ticket that lies in the store. Its key contains no secret. */
export interface StoredKey {
  readonly key: string
  readonly ageMs: number
  /** The fingerprint of the key that encrypted it; `undefined`: not encrypted. */
  readonly sealedBy: string | undefined
  /** With the keys that were given; `true` if none was. */
  readonly isReadable: boolean
}

export function keysLines(
  outcome: Failure | { readonly keys: readonly StoredKey[]; readonly hasKey: boolean },
  say: Say,
): Line[] {
  if ('code' in outcome)
    return [
      warn(
        'keys',
        say(
          `our keys were not read: ${outcome.message.slice(0, 200)}`,
          `无法读取本包的键：${outcome.message.slice(0, 200)}`,
        ),
        say(
          'Check the encryption key (32 bytes, openssl rand -base64 32); doctor also needs SCAN.',
          '检查加密密钥（32 字节，openssl rand -base64 32）；doctor 还需要 SCAN 权限。',
        ),
      ),
    ]
  const { keys, hasKey } = outcome
  if (keys.length === 0) return [ok('keys', say('no token of ours yet', '还没有本包的 token'))]
  const shown = keys.slice(0, 5).map((key) => `${ownerOf(key)} (${ageOf(key.ageMs, say)})`)
  const more = keys.length > 5 ? say(` and ${keys.length - 5} more`, `等 ${keys.length} 个`) : ''
  return [ok('keys', `${shown.join(', ')}${more}`), ...encryptionLines(keys, hasKey, say)]
}

function encryptionLines(keys: readonly StoredKey[], hasKey: boolean, say: Say): Line[] {
  const sealed = keys.filter(({ sealedBy }) => sealedBy !== undefined)
  if (!hasKey) {
    if (sealed.length === 0) return []
    return [
      warn(
        'encryption',
        say(
          `${sealed.length} of ${keys.length} values are encrypted, and no key was given`,
          `${keys.length} 个值中有 ${sealed.length} 个已加密，而没有提供密钥`,
        ),
        say(
          'Set QYAPI_TOKEN_ENCRYPTION_KEY to the key that your processes use, so that doctor can compare.',
          '把 QYAPI_TOKEN_ENCRYPTION_KEY 设为各进程使用的密钥，doctor 才能比较。',
        ),
      ),
    ]
  }
  const unreadable = keys.filter(({ isReadable }) => !isReadable)
  if (unreadable.length === 0)
    return [ok('encryption', say('this key reads every value', '该密钥能读取所有值'))]
  const others = [...new Set(unreadable.map(({ sealedBy }) => sealedBy ?? say('none', '未加密')))]
  return [
    fail(
      'encryption',
      say(
        `this key cannot read ${unreadable.length} of ${keys.length} values (encrypted with: ${others.join(', ')})`,
        `该密钥无法读取 ${keys.length} 个值中的 ${unreadable.length} 个（加密所用密钥：${others.join('、')}）`,
      ),
      say(
        'Give every process the same encryptionKey; to rotate, a list with the new key first. Until then they share nothing.',
        '所有进程使用同一个 encryptionKey；轮换时用列表，新密钥在前。在此之前它们无法共享 token。',
      ),
    ),
  ]
}

/** `self-built ww1234` of `qyapi-token:<base>:self-built:ww1234:<hash>`. */
function ownerOf({ key }: StoredKey): string {
  const [, , kind = '', ...rest] = key.split(':').map(decoded)
  const last = rest.pop() ?? ''
  return [kind, ...rest, ...(/ticket$/.test(last) ? [last] : [])].join(' ')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function ageOf(ageMs: number, say: Say): string {
  const minutes = Math.round(ageMs / 60_000)
  return say(`${minutes} min old`, `${minutes} 分钟前`)
}
