import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { EXAMPLES } from './examples.js'
import { PAGES, ROOT } from './pages.js'

/** Below it stand the files of the repository as they are, so that their links work there. */
const FOLDER = 'text'

/** What /llms.txt leads to. */
const FILES = [
  ...PAGES.flatMap(({ en, zh }) => (zh === undefined ? [en] : [en, zh])),
  ...EXAMPLES.map(({ file }) => file),
]

/** The site for those who read without a browser: /llms.txt, and each page as it is written. */
export function writePlainText(outDir: string, llmsTxt: string): void {
  for (const file of FILES) {
    const copy = join(outDir, FOLDER, file)
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(`${ROOT}${file}`, copy)
  }
  writeFileSync(join(outDir, 'llms.txt'), withAddresses(llmsTxt))
}

/** docs/llms.txt has paths as seen from docs/. */
export function withAddresses(llmsTxt: string): string {
  return llmsTxt.replaceAll(/\]\((?![a-z]+:)([^)]+)\)/g, (_, path: string) => {
    const file = posix.join('docs', path)
    if (!FILES.includes(file))
      throw new Error(`llms.txt leads to ${file}, which is not on the site`)
    return `](${FOLDER}/${file})`
  })
}
