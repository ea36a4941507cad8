import { type Arguments, textOf, UsageError } from '../arguments.js'

/** What the doctor was given: flags first, then variables. */
export interface Settings {
  readonly corpId: string | undefined
  readonly corpSecret: string | undefined
  readonly agentId: string | undefined
  readonly baseUrl: URL
  readonly redisUrl: string | undefined
  readonly prefix: string
  /** The first encrypts, all of them decrypt; `undefined`: no encryption. */
  readonly encryptionKeys: readonly string[] | undefined
}

const DEFAULT_BASE = 'https://qyapi.weixin.qq.com'

export function settingsOf(
  given: Arguments,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const setting = (flag: string, variable: string) =>
    textOf(given, flag) ?? (env[variable] || undefined)
  if (given.positionals.length > 0)
    throw new UsageError({
      en: 'doctor takes options only',
      zh: 'doctor 只接受选项',
    })
  const keys = setting('encryption-key', 'QYAPI_TOKEN_ENCRYPTION_KEY')
  return {
    corpId: setting('corpid', 'WECOM_CORPID'),
    corpSecret: setting('corpsecret', 'WECOM_CORPSECRET'),
    agentId: setting('agentid', 'WECOM_AGENTID'),
    baseUrl: baseUrlOf(setting('base-url', 'WECOM_BASE_URL') ?? DEFAULT_BASE),
    redisUrl: setting('redis', 'REDIS_URL'),
    prefix: textOf(given, 'prefix') ?? '',
    encryptionKeys: keys?.split(',').map((key) => key.trim()),
  }
}

function baseUrlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === '')
    return url
  throw new UsageError({
    en: 'the base address (WECOM_BASE_URL, --base-url) must be http(s)://host, without a user',
    zh: '基础地址（WECOM_BASE_URL、--base-url）必须是 http(s)://host，不带用户名',
  })
}

/** What no line may show, whatever a server or a driver says. */
export function secretsOf(
  { corpSecret, redisUrl, encryptionKeys }: Settings,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const urls = [
    redisUrl,
    ...Object.entries(env).map(([name, value]) => (/_proxy$/i.test(name) ? value : '')),
  ]
  const passwords = urls.flatMap((text) =>
    text && URL.canParse(text) ? [new URL(text).password] : [],
  )
  const secrets = [corpSecret, ...(encryptionKeys ?? []), ...passwords, ...passwords.map(decoded)]
  return secrets.filter((secret) => secret !== undefined && secret !== '') as string[]
}

/** Percent-encoded or not. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
