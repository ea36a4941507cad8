import { fakeQyapi } from '../testing/fake-qyapi.js'
import { type Arguments, textOf, UsageError } from './arguments.js'
import type { Language } from './language.js'
import type { Terminal } from './terminal.js'

/** Public knowledge: the fake's own app. */
const APP = { corpId: 'ww-fake', corpSecret: 'fake-secret' }

/** Starts a fake WeCom on loopback, and ends it when the process is ended. */
export async function fake(
  given: Arguments,
  language: Language,
  terminal: Terminal,
): Promise<number> {
  const port = portOf(given)
  const ended = terminal.untilEnded()
  const wecom = fakeQyapi({ apps: [APP] })
  const url = await wecom.listen(port).catch((error) => {
    throw cannotListen(error, port)
  })
  if (given.flags.json === true) terminal.print(JSON.stringify({ url, ...APP }))
  else terminal.print([...usage(url, language, terminal)].join('\n'))
  await ended
  await wecom.close()
  return 0
}

function portOf(given: Arguments): number {
  const { positionals } = given
  const text = textOf(given, 'port') ?? '0'
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 && positionals.length === 0)
    return Number(text)
  throw new UsageError({
    en: 'fake takes no argument but --port, a number up to 65535',
    zh: 'fake 只接受 --port，即不大于 65535 的端口号',
  })
}

function cannotListen(error: unknown, port: number): UsageError {
  const { code = '' } = Object(error) as { code?: string }
  return new UsageError({
    en: `cannot listen on port ${port} (${code}): choose another --port`,
    zh: `无法监听端口 ${port}（${code}）：请换一个 --port`,
  })
}

function* usage(url: string, language: Language, { style }: Terminal) {
  const isChinese = language === 'zh'
  const app = `{ corpId: '${APP.corpId}', corpSecret: '${APP.corpSecret}' }`
  yield isChinese
    ? `模拟的企业微信已启动：${style('bold', url)}（按 Ctrl+C 结束）`
    : `A fake WeCom listens at ${style('bold', url)}. Ctrl+C ends it.`
  yield `
${style('bold', 'axios')}
  const baseUrl = '${url}'
  const client = axios.create({ baseURL: \`\${baseUrl}/cgi-bin\` })
  attachToken(client, ${app}, { baseUrl })
  await client.get('/user/get', { params: { userid: 'zhangsan' } })

${style('bold', 'fetch')}
  const baseUrl = '${url}'
  const qyFetch = withToken(fetch, ${app}, { baseUrl })
  await qyFetch(\`\${baseUrl}/cgi-bin/user/get?userid=zhangsan\`)

${style('bold', 'curl')}
  curl '${url}/cgi-bin/gettoken?corpid=${APP.corpId}&corpsecret=${APP.corpSecret}'
  curl '${url}/cgi-bin/user/get?userid=zhangsan&access_token=…'`
}
