import { fakeOf, partsOf } from '../testing/fake-qyapi.js'
import { restoreFake, savedFake } from '../testing/page-save.js'
import { pageServer } from '../testing/page-server.js'
import { type Arguments, textOf, UsageError } from './arguments.js'
import { readSaved, savedInto } from './fake-file.js'
import type { Language } from './language.js'
import type { Terminal } from './terminal.js'

/** Public knowledge: the fake's own app. */
const APP = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
/** And a third-party app with a corp that has authorised it, for the page's button that pushes tickets. */
const SUITE = {
  suiteId: 'ww-fake-suite',
  suiteSecret: 'fake-suite-secret',
  corps: [{ corpId: 'ww-fake-corp', permanentCode: 'fake-permanent-code' }],
}

/** Starts a fake WeCom with its page on loopback, and ends it when the process is ended. */
export async function fake(
  given: Arguments,
  language: Language,
  terminal: Terminal,
): Promise<number> {
  const port = portOf(given)
  const ended = terminal.untilEnded()
  const { wecom, stopSaving } = await savedWecom(textOf(given, 'save'))
  const url = await wecom.listen(port).catch((error) => {
    throw cannotListen(error, port)
  })
  const page = await wecom.page()
  if (given.flags.json === true) terminal.print(JSON.stringify({ url, page, ...APP }))
  else terminal.print([...usage({ url, page }, language, terminal)].join('\n'))
  await ended
  await wecom.close()
  await stopSaving?.()
  return 0
}

/** A fake that goes on where the file says, and keeps it up to date. */
async function savedWecom(file: string | undefined) {
  const parts = partsOf({ apps: [APP], suites: [SUITE] })
  const saved = file === undefined ? undefined : await readSaved(file)
  if (saved !== undefined) restoreFake(parts, saved)
  const { listener, save } = pageServer(parts, saved)
  const wecom = fakeOf(parts, listener)
  if (file === undefined) return { wecom }
  const saving = await savedInto(file, () => savedFake(parts, save()))
  parts.log.follow(saving.changed)
  return { wecom, stopSaving: saving.end }
}

function portOf(given: Arguments): number {
  const { positionals } = given
  const text = textOf(given, 'port') ?? '0'
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 && positionals.length === 0)
    return Number(text)
  throw new UsageError({
    en: 'fake takes no argument but --port, a number up to 65535, and --save, a file',
    zh: 'fake 只接受 --port（不大于 65535 的端口号）和 --save（文件）',
  })
}

function cannotListen(error: unknown, port: number): UsageError {
  const { code = '' } = Object(error) as { code?: string }
  return new UsageError({
    en: `cannot listen on port ${port} (${code}): choose another --port`,
    zh: `无法监听端口 ${port}（${code}）：请换一个 --port`,
  })
}

interface Addresses {
  readonly url: string
  readonly page: string
}

function* usage({ url, page }: Addresses, language: Language, { style }: Terminal) {
  const isChinese = language === 'zh'
  const app = `{ corpId: '${APP.corpId}', corpSecret: '${APP.corpSecret}' }`
  yield isChinese
    ? `用浏览器打开：${style('bold', page)}`
    : `Open ${style('bold', page)} in a browser to see what happens.`
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
