import { EXAMPLES } from './.vitepress/examples.js'
import { SECTIONS, titleOf } from './.vitepress/pages.js'

const ABOUT = `# qyapi-token

> Middleware for axios and fetch that gives every WeCom (企业微信, qyapi.weixin.qq.com) call a valid access_token: memoized for
> 7000 s, refreshed ahead, replaced and replayed once when refused, shared between processes by a store.

\`import { attachToken } from 'qyapi-token/axios'\` and \`attachToken(client, { corpId, corpSecret })\`, or
\`import { withToken } from 'qyapi-token/fetch'\` and \`withToken(fetch, { corpId, corpSecret })\`. Create it once for each process.
Calls need no access_token of their own. A business errcode is an ordinary answer; only a call that never got a token throws.`

/** docs/llms.txt: one line for each page, with the paths of the repository and the package. */
export function llmsTxt(): string {
  const sections = SECTIONS.map(({ title, pages }) => {
    const lines = pages.map(({ en, zh, about }) => {
      const chinese = zh === undefined ? '' : ` ([中文](${below(zh)}))`
      return `- [${titleOf(en)}](${below(en)}): ${about}${chinese}`
    })
    return `## ${title.en}\n\n${lines.join('\n')}`
  })
  const programs = EXAMPLES.map(({ file }) => `- [${file}](${below(file)})`)
  return `${[ABOUT, ...sections, `## Programs\n\n${programs.join('\n')}`].join('\n\n')}\n`
}

/** From docs/. */
const below = (file: string) =>
  file.startsWith('docs/') ? file.slice('docs/'.length) : `../${file}`
