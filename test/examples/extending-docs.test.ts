import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const EXAMPLES = `${ROOT}examples/extend`
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const blocksOf = (page: string) =>
  [...read(page).matchAll(/^```(.*)\n([\s\S]*?)^```/gm)].map(([, fence, code = '']) => ({
    fence,
    code,
  }))

const files = readdirSync(EXAMPLES)
const texts = files.map((file) => read(`examples/extend/${file}`))

describe.each(['docs/extending.md', 'docs/extending.zh-CN.md'])('%s', (page) => {
  it('docs/extending shows each extension as a whole file, which the suite frameworks runs', () => {
    const codes = blocksOf(page).map(({ code }) => code)
    const extensions = files.filter((file) => !file.includes('.test.'))
    expect(extensions).toHaveLength(3)
    for (const file of extensions) expect(codes).toContain(read(`examples/extend/${file}`))
  })

  it('docs/extending shows only code that stands in an example', () => {
    const strays = blocksOf(page).filter(
      ({ fence, code }) => fence !== 'js excerpt' || !texts.some((text) => text.includes(code)),
    )
    expect(strays).toEqual([])
  })

  it('docs/extending links to every file of the examples', () => {
    for (const file of files) expect(read(page)).toContain(`(../examples/extend/${file})`)
  })
})

it('docs/extending shows the same code in both languages', () => {
  expect(blocksOf('docs/extending.zh-CN.md')).toEqual(blocksOf('docs/extending.md'))
})
