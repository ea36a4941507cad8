import type { Language } from './.vitepress/pages.js'

/** What stands above the errcodes. */
export const BEGINNING: Readonly<Record<Language, string>> = {
  en: `# Troubleshooting

[中文](troubleshooting.zh-CN.md)

Two commands answer most questions, without a line of code:

\`\`\`sh
npx qyapi-token doctor        # goes the way from this machine to a token, and says where it stops
npx qyapi-token explain 60020 # what an errcode means, and what to do
\`\`\`

[The command](command.md) says what each check finds. Below are the errcodes, by topic. The page is made of the data that
\`explain\` and the messages of this package use.

## By symptom

| what you see | why | what to do |
|---|---|---|
| 60020 on a server, while it works on your desk | the server's outgoing IP is not trusted | [60020](#60020): \`error.egressIp\` is the IP to enter |
| 40001 from the first call on | the secret is wrong, or was copied with a blank, a line break or quotes | [40001](#40001) |
| 40014 or 42001 again and again | another program fetches tokens for the same app, and each of its tokens replaces yours | give all of them one store: [Many processes](many-processes.md) |
| 45009 in the busiest hours | more calls than WeCom allows for one API | [Call limits](limits.md) |
| 301002 | the token of one app was used for another app's \`agentid\` | [301002](#301002) |
| \`errcode\` 0, but a message does not arrive | the receiver is outside of the app's visible range (\`invaliduser\` in the answer), or over its limit of messages | [Call limits](limits.md#what-is-counted) |
| a client from \`client.create()\` sends no token | axios copies no interceptors | attach to it too: [Details](details.md) |
| a call waits and then times out | WeCom cannot be reached: a proxy, DNS, a firewall | \`npx qyapi-token doctor\` |
| many gettoken in the logs | a token source for each request instead of one for the process | create it once: [Several clients of one app](recipes.md#several-clients-of-one-app) |
| it worked, and fails since the key was changed | processes with different \`encryptionKey\` | [Options for production](many-processes.md#options-for-production) |
| nothing of the above | | \`DEBUG=qyapi-token\` prints each event: [Observability](observability.md) |`,
  zh: `# 问题排查

[English](troubleshooting.md)

多数问题不用写代码，两条命令就能回答：

\`\`\`sh
npx qyapi-token doctor        # 从本机到拿到 token 逐步检查，指出卡在哪一步
npx qyapi-token explain 60020 # 错误码的含义和处理办法
\`\`\`

每项检查能发现什么，见[命令行工具](command.zh-CN.md)。下面按主题列出各错误码；本页由 \`explain\` 和本包错误信息所用的同一份数据生成。

## 从现象入手

| 现象 | 原因 | 怎么办 |
|---|---|---|
| 自己电脑上正常，服务器上报 60020 | 服务器的出口 IP 不在可信名单里 | 见 [60020](#60020)：要添加的 IP 就是 \`error.egressIp\` |
| 第一次调用就报 40001 | secret 写错，或复制时带上了空格、换行或引号 | 见 [40001](#40001) |
| 反复出现 40014 或 42001 | 另有程序为同一个应用获取 token，每次都会顶掉你的 | 让它们共用一个存储：[多进程、多机器](many-processes.zh-CN.md) |
| 高峰时段报 45009 | 对某个接口的调用超过了企业微信的限制 | [频率限制](limits.zh-CN.md) |
| 301002 | 拿一个应用的 token 去操作另一个应用的 \`agentid\` | 见 [301002](#301002) |
| \`errcode\` 为 0，消息却没有送达 | 接收人不在应用的可见范围内（看响应里的 \`invaliduser\`），或其消息数超出限制 | [频率限制](limits.zh-CN.md#统计什么) |
| \`client.create()\` 得到的客户端不带 token | axios 不会复制拦截器 | 对它另行挂载：[实现细节](details.zh-CN.md) |
| 调用一直等待，最后超时 | 连不上企业微信：代理、DNS 或防火墙 | \`npx qyapi-token doctor\` |
| 日志里有大量 gettoken | 每次请求都新建 token source，而不是整个进程共用一个 | 只创建一次：[一个应用，多个客户端](recipes.zh-CN.md#一个应用多个客户端) |
| 更换密钥之后开始失败 | 各进程的 \`encryptionKey\` 不一致 | [生产环境的选项](many-processes.zh-CN.md#生产环境的选项) |
| 以上都不是 | | 设置 \`DEBUG=qyapi-token\`，逐条打印事件：[可观测性](observability.zh-CN.md) |`,
}
