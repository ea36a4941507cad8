import { describe, expect, it } from 'vitest'
import { PAGES, READMES, read } from '../examples/pages.js'
import { runSnippets } from '../examples/snippets.js'

runSnippets(
  PAGES.filter((page) => !READMES.includes(page)),
  'docs',
)

describe.each(['', '.zh-CN'])('docs/options%s.md and docs/errors-and-events%s.md', (language) => {
  const optionsPage = read(`docs/options${language}.md`)
  const errorsPage = read(`docs/errors-and-events${language}.md`)

  it('the page of options names every option with its default', () => {
    const defaults = read('src/core/options.ts')
    const options = [...defaults.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(
      ([, option = '']) => option,
    )
    expect(options.length).toBeGreaterThan(12)
    for (const option of options) expect(optionsPage).toContain(`| \`${option}\` |`)
  })

  it('the page of errors and events names every error code and every event', () => {
    const codes =
      /export type QyapiTokenErrorCode =([\s\S]*?)\n\n/.exec(read('src/core/errors.ts'))?.[1] ?? ''
    const events = read('src/core/events.ts')
    for (const [, code = ''] of codes.matchAll(/'(\w+)'/g))
      expect(errorsPage).toContain(`| \`${code}\` |`)
    for (const [, type = ''] of events.matchAll(/readonly type: '(\w+)'/g))
      expect(errorsPage).toContain(`| \`${type}\` |`)
  })

  it('the row of each event names its fields and its reasons', () => {
    const source = read('src/core/events.ts')
    const members = source
      .slice(0, source.indexOf('/** Described at'))
      .split(/\n {4}\| \{/)
      .slice(1)
    expect(members.length).toBeGreaterThan(9)
    for (const member of members) {
      const [, type = ''] = /readonly type: '(\w+)'/.exec(member) ?? []
      const row = errorsPage.split('\n').find((line) => line.startsWith(`| \`${type}\` |`)) ?? ''
      const fields = [...member.matchAll(/^ {8}readonly (\w+)\??:/gm)].map(([, field]) => field)
      const reasons =
        type === 'store_error' ? [] : [...member.matchAll(/\* - `(\w+)`/g)].map(([, one]) => one)
      for (const word of [...fields, ...reasons])
        if (word !== 'type') expect(row, `${type}: ${word}`).toContain(`\`${word}\``)
    }
  })
})
