import { existsSync, readdirSync, readFileSync } from 'node:fs'

const ROOT = new URL('../../', import.meta.url).pathname

export const READMES = ['README.md', 'README.zh-CN.md']

/** Every page that shows code, in both languages. */
export const PAGES = [
  ...READMES,
  ...readdirSync(`${ROOT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

export const read = (page: string) => readFileSync(`${ROOT}${page}`, 'utf8')

/** The same page in Chinese; a Chinese one, or one that there is in English alone, is its own. */
export function inChinese(page: string): string {
  const chinese = page.replace(/(?:\.zh-CN)?\.md$/, '.zh-CN.md')
  return existsSync(`${ROOT}${chinese}`) ? chinese : page
}

export interface Snippet {
  /** From 1 up, on its page. */
  readonly index: number
  /** What stands behind the three backticks. */
  readonly fence: string
  readonly code: string
  /**
   * Not where its fence says `no-run`, because what it imports is not installed here: then it is only
   * compiled, and some other suite runs it. Nor in Chinese, where only its comments are not English.
   */
  readonly isRun: boolean
}

/** All but excerpts of examples, which other suites run: test/docs/frameworks.test.ts. */
export function snippetsIn(page: string): Snippet[] {
  const inEnglish = page.replace('.zh-CN.md', '.md')
  const english = inEnglish === page ? '' : withoutComments(read(inEnglish))
  const isRunThere = (code: string) => english.includes(withoutComments(code))
  return [...read(page).matchAll(/^```([jt]s(?! excerpt)(?: .*)?)\n([\s\S]*?)^```/gm)].map(
    ([, fence = '', code = ''], index) => ({
      index: index + 1,
      fence,
      code,
      isRun: fence === 'js' && !isRunThere(code),
    }),
  )
}

const withoutComments = (code: string) =>
  code.replaceAll(/(?<=^|\s)\/\/ .*$/gm, '').replaceAll(/\s+$/gm, '')
