import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (file: string) => readFileSync(file, 'utf8')
const tracked = (...folders: string[]) =>
  execFileSync('git', ['ls-files', ...folders], { encoding: 'utf8' })
    .trim()
    .split('\n')

const numbersOf = (text: string, heading: RegExp) =>
  [...text.matchAll(heading)].map(([, number]) => Number(number))
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

const english = read('docs/rules.md')
const chinese = read('docs/rules.zh-CN.md')

it('docs/rules.md numbers the rules of a token from 1 to 20 and those of a request from 1 to 10, in both languages', () => {
  expect(numbersOf(english, /^### Rule (\d+): /gm)).toEqual(upTo(20))
  expect(numbersOf(chinese, /^### 规则 (\d+)：/gm)).toEqual(upTo(20))
  expect(numbersOf(english, /^### Request rule (\d+): /gm)).toEqual(upTo(10))
  expect(numbersOf(chinese, /^### 请求规则 (\d+)：/gm)).toEqual(upTo(10))
})

it('docs/rules.md has every rule that the code and the tests cite', () => {
  const cited = tracked('src', 'test').flatMap((file) =>
    [...read(file).matchAll(/\b(request )?rule (\d+)\b/gi)].map(
      ([text, request = '', number]) =>
        [`${file}: ${text}`, Number(number), request ? 10 : 20] as const,
    ),
  )
  expect(cited.length).toBeGreaterThan(50)
  const unknown = cited.filter(([, number, last]) => number < 1 || number > last)
  expect(unknown.map(([where]) => where)).toEqual([])
})

it('the repository cites no paper that a reader cannot open', () => {
  const papers = /\b(DESIGN|HOUSE|WECOM\.md|TOOLCHAIN|MUTATIONS)\b/
  const citing = tracked()
    .filter(
      (file) => /\.(md|ts|js|mjs|cjs|json|ya?ml)$/.test(file) && file !== 'test/rules.test.ts',
    )
    .filter((file) => papers.test(read(file)))
  expect(citing).toEqual([])
})
