import { describe, expect, it } from 'vitest'
import { PAGES, READMES, read } from './pages.js'
import { runSnippets } from './snippets.js'

runSnippets(READMES, 'readme')

describe.each(READMES)('%s', (name) => {
  const text = read(name)

  it('the README shows ten working lines by line 20 and says how it works by line 40', () => {
    const lines = text.split('\n')
    const first = lines.slice(0, 20).join('\n')
    expect(first).toMatch(/```js[\s\S]*attachToken\(client[\s\S]*```/)
    expect(lines.slice(0, 40).join('\n')).toMatch(/7000[\s\S]*(replays the request once|重放一次)/)
    expect(lines.length).toBeLessThanOrEqual(200)
  })

  it('the README says exactly how to see it work and how to test it', () => {
    expect(text).toContain('```sh\nnpm ci && npm start\nnpm ci && npm test\n```')
  })

  it('the README leads to every page of docs/ in its language', () => {
    const language = name.includes('zh-CN')
    const pages = PAGES.filter(
      (page) => page.startsWith('docs/') && page.includes('zh-CN') === language,
    )
    expect(pages.length).toBeGreaterThan(7)
    for (const page of pages) expect(text).toContain(`](${page}`)
  })
})
