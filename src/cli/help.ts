import type { CommandName } from './arguments.js'
import type { Language, Words } from './language.js'

const COMMON: Words = {
  en: `  --json             print JSON
  --lang en|zh       the language; by default that of LANG
  -h, --help         print this
  -V, --version      print the version`,
  zh: `  --json             输出 JSON
  --lang en|zh       语言，默认取自 LANG
  -h, --help         显示本说明
  -V, --version      显示版本`,
}

const OVERVIEW: Words = {
  en: `qyapi-token <command> [options]

Commands
  explain CODE       explain an errcode of WeCom
  fake               start a fake WeCom on this machine

Options
${COMMON.en}

qyapi-token <command> --help says more. Exit code: 0, 1 if something is wrong, 2 for a wrong usage.`,
  zh: `qyapi-token <命令> [选项]

命令
  explain CODE       解释企业微信的错误码
  fake               在本机启动一个假的企业微信

选项
${COMMON.zh}

qyapi-token <命令> --help 查看更多。退出码：0 正常，1 有问题，2 用法不对。`,
}

const OF_COMMAND: Readonly<Record<CommandName, Words>> = {
  explain: {
    en: `qyapi-token explain CODE [options]

Explains an errcode of WeCom: what it means, the usual causes, what to do, and whether to send the
call again. Exit code 1 if it is not in the table.

  --kind KIND        the kind of credential: self-built, suite-app, authorized-corp,
                     service-provider, downstream-corp, hardware-model, hardware-device,
                     jsapi-ticket, agent-ticket or remote
${COMMON.en}

  qyapi-token explain 60020
  qyapi-token explain 60020 --kind suite-app --lang zh`,
    zh: `qyapi-token explain CODE [选项]

解释企业微信的错误码：含义、常见原因、怎么办、是否要重试。没有收录时退出码为 1。

  --kind KIND        凭证类型：self-built、suite-app、authorized-corp、service-provider、
                     downstream-corp、hardware-model、hardware-device、jsapi-ticket、
                     agent-ticket 或 remote
${COMMON.zh}

  qyapi-token explain 60020
  qyapi-token explain 60020 --kind suite-app`,
  },
  fake: {
    en: `qyapi-token fake [options]

Starts a fake WeCom on 127.0.0.1 and prints how to call it. Ctrl+C ends it. Its tokens really expire;
nothing is sent to WeCom.

  --port PORT        default: any free port
${COMMON.en}`,
    zh: `qyapi-token fake [选项]

在 127.0.0.1 启动一个假的企业微信，并显示调用方法。按 Ctrl+C 结束。它的 token 真的会过期；不会向企业微信发送任何内容。

  --port PORT        端口，默认任选一个空闲端口
${COMMON.zh}`,
  },
}

export function helpText(command: CommandName | undefined, language: Language): string {
  return (command === undefined ? OVERVIEW : OF_COMMAND[command])[language]
}
