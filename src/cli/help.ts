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
  doctor             find what keeps this machine from calling WeCom
  explain CODE       explain an errcode of WeCom
  fake               start a fake WeCom on this machine

Options
${COMMON.en}

qyapi-token <command> --help says more. Exit code: 0, 1 if something is wrong, 2 for a wrong usage.`,
  zh: `qyapi-token <命令> [选项]

命令
  doctor             检查本机为什么调不通企业微信
  explain CODE       解释企业微信的错误码
  fake               在本机启动一个模拟的企业微信

选项
${COMMON.zh}

qyapi-token <命令> --help 查看更多。退出码：0 正常，1 有问题，2 用法不对。`,
}

const OF_COMMAND: Readonly<Record<CommandName, Words>> = {
  doctor: {
    en: `qyapi-token doctor [options]

Looks at all that stands between this machine and a token: proxy, DNS, TCP, TLS, the clock, the
secret, gettoken and the IP that WeCom saw, the rights of an app, the store, the project. One line
each, with what to do. Exit code 1 if something does not work. No secret is printed.

  --corpid ID              WECOM_CORPID
  --corpsecret SECRET      WECOM_CORPSECRET; prefer the variable, which other users cannot see
  --agentid ID             WECOM_AGENTID: also check the rights of this app
  --base-url URL           WECOM_BASE_URL: a private deployment or a gateway
  --redis URL              REDIS_URL: also check the store, with the Redis client of this folder
  --prefix TEXT            the prefix option of redisStore
  --encryption-key KEY     QYAPI_TOKEN_ENCRYPTION_KEY: several are separated by commas
${COMMON.en}

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count as they do for axios.`,
    zh: `qyapi-token doctor [选项]

检查从本机到 token 的每一步：代理、DNS、TCP、TLS、系统时间、secret、gettoken 和企业微信看到的 IP、
应用的权限、存储、项目设置。每项一行，并写明怎么办。有问题时退出码为 1。不会输出任何 secret。

  --corpid ID              WECOM_CORPID
  --corpsecret SECRET      WECOM_CORPSECRET；建议用变量，其他用户看不到
  --agentid ID             WECOM_AGENTID：同时检查该应用的权限
  --base-url URL           WECOM_BASE_URL：私有化部署或网关
  --redis URL              REDIS_URL：同时检查存储，使用当前目录的 Redis 客户端
  --prefix TEXT            redisStore 的 prefix 选项
  --encryption-key KEY     QYAPI_TOKEN_ENCRYPTION_KEY：多个用逗号分隔
${COMMON.zh}

HTTPS_PROXY、HTTP_PROXY、ALL_PROXY、NO_PROXY 的含义与 axios 相同。`,
  },
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
nothing is sent to WeCom. Its page, for a browser, shows messages, calls and tokens as they happen, and
has buttons that let things fail.

  --port PORT        default: any free port
  --save FILE        keep apps, tokens and messages in this file, for the next start
${COMMON.en}`,
    zh: `qyapi-token fake [选项]

在 127.0.0.1 启动一个模拟的企业微信，并显示调用方法。按 Ctrl+C 结束。它的 token 真的会过期；不会向企业微信发送任何内容。
用浏览器打开它的页面，可以实时查看消息、调用和 token，并用按钮制造故障。

  --port PORT        端口，默认任选一个空闲端口
  --save FILE        把应用、token 和消息保存到该文件，下次启动时继续使用
${COMMON.zh}`,
  },
}

export function helpText(command: CommandName | undefined, language: Language): string {
  return (command === undefined ? OVERVIEW : OF_COMMAND[command])[language]
}
