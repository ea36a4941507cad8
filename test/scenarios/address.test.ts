import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

interface Addressed {
  readonly name: string
  readonly repository?: { readonly type: string; readonly url: string }
  readonly homepage?: string
  readonly bugs?: { readonly url: string }
}

const MENTION = /\b[a-z+]+:\/\/[^\s)"'<>\]`]+/gi

/**
 * What contradicts `repository.url` of package.json, the one place that knows the repository's
 * address. Without one, nothing may claim an address.
 */
function contradictions(manifest: Addressed, papers: Readonly<Record<string, string>>): string[] {
  const { repository, homepage, bugs, name } = manifest
  const address = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '')
  const found: string[] = []
  if (homepage !== (address && `${address}#readme`)) found.push(`homepage: ${homepage}`)
  if (bugs?.url !== (address && `${address}/issues`)) found.push(`bugs: ${bugs?.url}`)
  for (const [paper, text] of Object.entries(papers)) {
    // A forge's address of ours ends in the package's name, as do badges that are made from it.
    const ours = (text.match(MENTION) ?? []).filter((url) =>
      new RegExp(`/[\\w.-]+/${name}(?=[/#?.]|$)`).test(url.replace(/^[a-z+]+:\/\//i, '/')),
    )
    const strays = ours.filter((url) => address === undefined || !url.startsWith(address))
    found.push(...strays.map((url) => `${paper}: ${url}`))
  }
  return found
}

const tracked = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n')
const texts = tracked.map((file) => [file, readFileSync(file, 'utf8')])

it('the address of the repository is only where `repository` of package.json says, and nowhere if it says nothing', () => {
  expect(tracked).toContain('SECURITY.md')
  expect(contradictions(manifest, Object.fromEntries(texts))).toEqual([])
})

const SOMEWHERE = 'https://forge.example/someone/qyapi-token'
const whole: Addressed = {
  name: 'qyapi-token',
  repository: { type: 'git', url: `git+${SOMEWHERE}.git` },
  homepage: `${SOMEWHERE}#readme`,
  bugs: { url: `${SOMEWHERE}/issues` },
}

it('the address of the repository is read from one place', () => {
  expect(contradictions(whole, { a: `see [issues](${SOMEWHERE}/issues), ${SOMEWHERE}.` })).toEqual(
    [],
  )
})

it.each<[string, Addressed, string]>([
  ['a homepage without a repository', { name: 'qyapi-token', homepage: SOMEWHERE }, ''],
  ['bugs elsewhere', { ...whole, bugs: { url: 'https://forge.example/other/issues' } }, ''],
  [
    'no bugs',
    { name: 'qyapi-token', repository: whole.repository, homepage: whole.homepage } as Addressed,
    '',
  ],
  ['a link to another place', whole, '[it](https://forge.example/else/qyapi-token/issues)'],
  ['a badge of another place', whole, '![ci](https://img.example/github/ci/else/qyapi-token)'],
  ['a link where there is no address', { name: 'qyapi-token' }, SOMEWHERE],
])('the address of the repository is contradicted by %s', (_, manifest, paper) => {
  expect(contradictions(manifest, { paper })).toHaveLength(1)
})
