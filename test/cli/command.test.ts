import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { languageOf } from '../../src/cli/language.js'
import { runCommand } from '../../src/cli/run-command.js'
import { hasColours } from '../../src/cli/terminal.js'
import { run, stubTerminal } from '../support/terminal.js'

const ANY = expect.any(String)
const SECRET = 'planted-secret-that-is-as-long-as-a-real-one-1'

describe('the command line', () => {
  it.each([['--version'], ['-V'], ['explain', '--version']])(
    'qyapi-token %s prints the version of the package',
    async (...args) => {
      expect(await run(args)).toEqual({ exitCode: 0, stdout: manifest.version, stderr: '' })
    },
  )

  it.each([
    [['--help'], /^qyapi-token <command>[\s\S]*explain CODE[\s\S]*fake/],
    [['-h', '--lang', 'zh'], /^qyapi-token <命令>/],
    [['doctor', '--help'], /^qyapi-token doctor[\s\S]*WECOM_CORPSECRET[\s\S]*NO_PROXY/],
    [['doctor', '--help', '--lang=zh'], /企业微信看到的 IP/],
    [['explain', '--help'], /^qyapi-token explain CODE[\s\S]*--kind/],
    [['fake', '--help'], /^qyapi-token fake[\s\S]*--port/],
    [['fake', '--help', '--lang=zh'], /启动一个模拟的企业微信/],
  ])('the help for %j lists what there is, with exit code 0', async (args, words) => {
    const { exitCode, stdout } = await run(args)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(words)
  })

  it('options may stand before the command, those of the command too', async () => {
    const { exitCode, stdout } = await run([
      '--lang',
      'zh',
      '--kind',
      'suite-app',
      'explain',
      '60020',
    ])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: (await run(['explain', '60020', '--kind', 'suite-app', '--lang', 'zh'])).stdout,
    })
    expect((await run(['--port', 'x', 'fake'])).stderr).toMatch(/a number up to 65535/)
  })

  it('a command line without a command prints the help, with exit code 2', async () => {
    const { exitCode, stdout } = await run([])
    expect(exitCode).toBe(2)
    expect(stdout).toMatch(/^qyapi-token <command>/)
  })

  it.each([
    [['explode'], /unknown command explode/],
    [['explain', '60020', '--knid', 'x'], /unknown option --knid/],
    [['explain'], /needs one errcode/],
    [['explain', 'abc'], /needs one errcode/],
    [['explain', '60020', '40001'], /needs one errcode/],
    [['explain', '1.5'], /needs one errcode/],
    [['explain', '60020', '--kind'], /--kind was used in a wrong way/],
    [['explain', '60020', '--kind', 'app'], /--kind must be a kind of credential/],
    [['explain', '60020', '--json=yes'], /--json takes no value/],
    [['explain', '60020', '--lang', 'fr'], /--lang must be en or zh/],
    [['fake', '--port', 'x'], /a number up to 65535/],
    [['fake', '--port', '70000'], /a number up to 65535/],
    [['fake', 'now'], /no argument but --port/],
  ])(
    'the arguments %j are a wrong usage: exit code 2, one line that says why',
    async (args, words) => {
      const { exitCode, stdout, stderr } = await run(args)
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toMatch(words)
      expect(stderr).toMatch(/^qyapi-token: .*\nSee qyapi-token --help for the usage$/)
    },
  )

  it('a wrong usage is reported in Chinese where that is the language', async () => {
    for (const given of [
      await run(['explode', '--lang', 'zh']),
      await run(['explode'], { env: { LANG: 'zh_CN.UTF-8' } }),
    ])
      expect(given.stderr).toBe('qyapi-token: 未知的命令 explode\n用法见 qyapi-token --help')
  })

  it('no wrong usage shows a value that may be a secret', async () => {
    for (const args of [
      [SECRET],
      ['explain', SECRET],
      ['explain', `--${SECRET}`],
      ['explain', `--kind=${SECRET}`, '1'],
      ['explain', `--secret=${SECRET}`],
      ['explain', '--json', `--json=${SECRET}`],
      ['fake', '--port', SECRET],
    ]) {
      const { exitCode, stdout, stderr } = await run(args)
      expect(exitCode).toBe(2)
      expect(stdout + stderr).not.toContain('planted')
    }
  })

  it.each([
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'en_US.UTF-8' }, 'en'],
    [{ LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, 'en'],
    [{ LC_ALL: '', LC_MESSAGES: 'zh_TW', LANG: 'en_US' }, 'zh'],
    [{}, 'en'],
  ])('the language of %j is %s', (env, language) => {
    expect(languageOf(env)).toBe(language)
  })

  it.each([
    [true, {}, true],
    [undefined, {}, false],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('with a terminal %s and %j the output has colours: %s', (isTerminal, env, expected) => {
    expect(hasColours(isTerminal, env)).toBe(expected)
  })
})

describe('qyapi-token explain', () => {
  it('explain prints name, meaning, causes, remedy, retry and page', async () => {
    const { exitCode, stdout } = await run(['explain', '60020'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^60020 ip_not_trusted: the IP is not trusted\n/)
    expect(stdout).toMatch(/\nCauses\n {2}- .*NAT/)
    expect(stdout).toMatch(/\nWhat to do\n {2}Add this machine's outgoing IP.*企业可信IP/)
    expect(stdout).toMatch(/\nSend again\n {2}no: /)
    expect(stdout).toMatch(
      /\n {2}https:\/\/developer\.work\.weixin\.qq\.com\/document\/path\/90313$/,
    )
  })

  it('explain speaks Chinese, and knows the kinds of credentials', async () => {
    const { stdout } = await run(['explain', '60020', '--kind', 'suite-app', '--lang', 'zh'])
    expect(stdout).toMatch(/^60020 ip_not_trusted: 调用方 IP 不可信\n/)
    expect(stdout).toMatch(/\n怎么办\n {2}.*服务商管理端/)
  })

  it('explain --json prints one line of JSON', async () => {
    const { stdout } = await run(['explain', '-1', '--json'])
    expect(stdout).not.toContain('\n')
    expect(JSON.parse(stdout)).toEqual({
      errcode: -1,
      name: 'system_busy',
      meaning: ANY,
      causes: [ANY],
      remedy: ANY,
      isTokenInvalid: false,
      retry: 'soon',
      page: ANY,
    })
  })

  it('explain leads to WeCom’s page for an unknown errcode, with exit code 1', async () => {
    const { exitCode, stdout } = await run(['explain', '12345'])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('https://open.work.weixin.qq.com/devtool/query?e=12345')
    expect(stdout).not.toContain('Causes')
  })

  it('explain prints its headings in bold on a terminal', async () => {
    const style = (_style: unknown, text: string) => `<b>${text}</b>`
    const { stdout } = await run(['explain', '60020'], { style })
    expect(stdout).toContain('<b>60020 ip_not_trusted</b>: the IP is not trusted')
    expect(stdout).toContain('<b>Causes</b>')
  })
})

describe('qyapi-token fake', () => {
  it('fake starts a fake WeCom that answers, and ends it with exit code 0', async () => {
    const { terminal, stdout, end } = stubTerminal()
    const running = runCommand(['fake', '--json'], terminal)
    await expect.poll(() => stdout).toHaveLength(1)
    const { url, corpId, corpSecret } = JSON.parse(stdout[0] ?? '')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const address = `${url}/cgi-bin/gettoken?corpid=${corpId}&corpsecret=${corpSecret}`
    expect(await (await fetch(address)).json()).toMatchObject({ errcode: 0, access_token: ANY })
    end()
    expect(await running).toBe(0)
    await expect(fetch(address)).rejects.toThrow()
  })

  it.each([
    ['en', /A fake WeCom listens at http:\/\/127\.0\.0\.1:\d+\. Ctrl\+C ends it\./],
    ['zh', /模拟的企业微信已启动：http:\/\/127\.0\.0\.1:\d+（按 Ctrl\+C 结束）/],
  ])('fake prints how to call it with axios, fetch and curl: %s', async (lang, words) => {
    const { terminal, stdout, end } = stubTerminal()
    end()
    expect(await runCommand(['fake', '--lang', lang], terminal)).toBe(0)
    const text = stdout.join('\n')
    expect(text).toMatch(words)
    expect(text).toMatch(
      /axios\n.*\n.*axios\.create[\s\S]*fetch\n[\s\S]*withToken[\s\S]*curl\n {2}curl 'http/,
    )
  })

  it('fake listens on the port that was asked for, and says so if another program has it', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const taken = await run(['fake', '--port', `${port}`])
    expect(taken.exitCode).toBe(2)
    expect(taken.stderr).toContain(`cannot listen on port ${port} (EADDRINUSE)`)
    await new Promise((resolve) => other.close(resolve))

    const { terminal, stdout, end } = stubTerminal()
    end()
    expect(await runCommand(['fake', '--json', '--port', `${port}`], terminal)).toBe(0)
    expect(JSON.parse(stdout[0] ?? '').url).toBe(`http://127.0.0.1:${port}`)
  })
})
