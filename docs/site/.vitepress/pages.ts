import { readFileSync } from 'node:fs'

/** The repository: pages are its files, at the paths that they have there. */
export const ROOT = new URL('../../../', import.meta.url).pathname

export type Language = 'en' | 'zh'

/** A page of the site. Its title is its heading; English and Chinese have the same address, below /zh/. */
export interface Page {
  /** The address on the site, without .html. */
  readonly path: string
  readonly en: string
  /** Left out if there is no Chinese one: then a page below /zh/ leads to the English one. */
  readonly zh?: string
  /** What it answers, in one line of llms.txt. */
  readonly about: string
}

export interface Section {
  readonly title: Readonly<Record<Language, string>>
  readonly pages: readonly Page[]
}

function guide(path: string, about: string): Page {
  return { path, en: `docs/${path}.md`, zh: `docs/${path}.zh-CN.md`, about }
}

/** The sidebar, in its order. */
export const SECTIONS: readonly Section[] = [
  {
    title: { en: 'Begin', zh: '入门' },
    pages: [
      guide('start', 'from the installation to the first call, on a fake WeCom or the real one'),
      guide(
        'how-it-works',
        'one call, a refused token and many processes, step by step, as pictures',
      ),
      guide('recipes', 'shared sources, SDKs, page tickets, proxies, busy answers'),
      guide(
        'frameworks',
        'Next.js, NestJS, Egg, Express, Workers, functions, a token service, a relay',
      ),
      guide('migration', 'from an interceptor of your own, node-easywechat and other packages'),
    ],
  },
  {
    title: { en: 'In production', zh: '生产环境' },
    pages: [
      guide('many-processes', 'one token for many processes: Redis and other stores, encryption'),
      guide('providers', 'third-party apps: suites, tickets, providers, a token for each tenant'),
      guide('limits', 'call limits: what WeCom counts, waiting in order, 45009 and 45033'),
      guide('scale', "a provider's day with a million corps, and what to provision"),
      guide('observability', 'metrics, a Grafana dashboard, the diagnostics channel, debug output'),
      {
        path: 'security',
        en: 'SECURITY.md',
        zh: 'SECURITY.zh-CN.md',
        about: 'where the token goes, what is redacted, and what a library cannot close',
      },
    ],
  },
  {
    title: { en: 'Test and find faults', zh: '测试与排查' },
    pages: [
      guide('testing', 'the fake WeCom and its page, the fake clock, contract tests for a store'),
      guide('command', 'the command: doctor, explain, fake'),
      guide('troubleshooting', 'some 150 errcodes by topic: meaning, causes, what to do'),
    ],
  },
  {
    title: { en: 'Reference', zh: '参考' },
    pages: [
      guide('options', 'every option and method, with its default'),
      guide('errors-and-events', 'every error code and event, and explainErrcode'),
      guide('rules', 'every promise, numbered'),
      guide('details', 'what may surprise you'),
      guide('extending', 'a credential, a store or a client of your own, with its contract'),
    ],
  },
  {
    title: { en: 'The project', zh: '项目' },
    pages: [
      { path: 'readme', en: 'README.md', zh: 'README.zh-CN.md', about: 'the project on one page' },
      { path: 'figures', en: 'bench/RESULTS.md', about: 'measured: token requests, time, memory' },
      { path: 'changelog', en: 'CHANGELOG.md', about: 'what changed, for users' },
      { path: 'contributing', en: 'CONTRIBUTING.md', about: 'how the code is laid out, and why' },
    ],
  },
]

export const PAGES = SECTIONS.flatMap(({ pages }) => pages)

/** The first heading of a file of the repository. */
export function titleOf(file: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(`${ROOT}${file}`, 'utf8')) ?? []
  if (title === undefined) throw new Error(`${file} has no heading`)
  return title
}
