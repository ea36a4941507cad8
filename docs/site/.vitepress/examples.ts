import { readdirSync, readFileSync } from 'node:fs'
import { ROOT } from './pages.js'

/** Programs, not what they share. */
const FOLDERS = ['examples', 'examples/frameworks', 'examples/extend']

export interface Example {
  /** In the repository. */
  readonly file: string
  /** On the site: without its extension, which a browser would take for a file. */
  readonly name: string
}

export const EXAMPLES: readonly Example[] = FOLDERS.flatMap((folder) =>
  readdirSync(`${ROOT}${folder}`)
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => `${folder}/${name}`),
).map((file) => ({ file, name: file.replace(/^examples\//, '').replace(/\.[jt]s$/, '') }))

/** A page for each, with its code: what the dynamic routes of VitePress ask for. */
export function examplePages() {
  return EXAMPLES.map(({ file, name }) => {
    const language = file.endsWith('.ts') ? 'ts' : 'js'
    const code = readFileSync(`${ROOT}${file}`, 'utf8')
    return { params: { example: name, file }, content: `\`\`\`${language}\n${code}\`\`\`` }
  })
}
