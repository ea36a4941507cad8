import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const EXAMPLES = `${ROOT}examples/frameworks`
const read = (path: string) => readFileSync(path, 'utf8')
const docs = (name: string) => read(`${ROOT}docs/${name}`)
const blocksOf = (text: string) =>
  [...text.matchAll(/^```[jt]s excerpt\n([\s\S]*?)^```/gm)].map(([, code = '']) => code)

const examples = readdirSync(EXAMPLES).map((name) => [name, read(`${EXAMPLES}/${name}`)] as const)

it('an example of a framework has at most 60 lines', () => {
  expect(examples.length).toBeGreaterThan(6)
  const long = examples.filter(([, text]) => text.trimEnd().split('\n').length > 60)
  expect(long.map(([name]) => name)).toEqual([])
})

describe.each(['frameworks.md', 'frameworks.zh-CN.md'])('docs/%s', (name) => {
  it('docs/frameworks shows only code that stands in an example, which the suite frameworks runs', () => {
    const blocks = blocksOf(docs(name))
    expect(blocks.length).toBeGreaterThan(6)
    const strays = blocks.filter((code) => !examples.some(([, text]) => text.includes(code)))
    expect(strays).toEqual([])
  })

  it('docs/frameworks links to every example', () => {
    for (const [example] of examples)
      expect(docs(name)).toContain(`(../examples/frameworks/${example})`)
  })

  it('docs/frameworks is linked from the README of its language', () => {
    const readme = name.includes('zh-CN') ? 'README.zh-CN.md' : 'README.md'
    expect(read(`${ROOT}${readme}`)).toContain(`(docs/${name})`)
  })
})

it('both languages have the same headings and the same code', () => {
  const levels = (text: string) => [...text.matchAll(/^(#+) /gm)].map(([, marks]) => marks)
  const [english, chinese] = ['frameworks.md', 'frameworks.zh-CN.md'].map(docs) as [string, string]
  expect(levels(chinese)).toEqual(levels(english))
  expect(blocksOf(chinese)).toEqual(blocksOf(english))
})
