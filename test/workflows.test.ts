import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const scripts: Readonly<Record<string, string>> = manifest.scripts
const read = (file: string) => readFileSync(file, 'utf8')
const ci = read('.github/workflows/ci.yml')
const release = read('.github/workflows/release.yml')

/** The scripts that a text calls, `npm test` taken apart into those that it runs. */
function scriptsIn(text: string): string[] {
  const called = [...text.matchAll(/npm run ([\w:]+)|npm (test)\b/g)].map(
    ([, named, test]) => named ?? test ?? '',
  )
  const all = called.flatMap((name) => (name === 'test' ? inLanes(scripts.test) : [name]))
  return [...all, ...inLanes(/side-by-side\.js (.*)/.exec(text)?.[1])]
}

/** The scripts that run side by side, each lane in quotes. */
const inLanes = (text = '') =>
  [...text.matchAll(/"([^"]+)"/g)].flatMap(([, lane = '']) => lane.split(' '))

it('the workflows have a job for each gate', () => {
  const jobs = [...ci.slice(ci.indexOf('\njobs:')).matchAll(/^ {2}(\w+):$/gm)].map(
    ([, name]) => name,
  )
  expect(jobs).toEqual(['lint', 'types', 'unit', 'package', 'frameworks', 'machines', 'docs'])
})

it('the workflows call every script that .ci/run calls, and only scripts that exist', () => {
  const wanted = new Set(scriptsIn(read('.ci/run')))
  expect(new Set(scriptsIn(ci))).toEqual(wanted)
  for (const name of [...wanted, ...scriptsIn(release)]) expect(scripts).toHaveProperty([name])
})

it('the workflows install the browser that .ci/run installs', () => {
  expect(read('.ci/run')).toMatch(/^\.ci\/chromium$/m)
  expect(ci).toContain('- run: .ci/chromium\n')
})

it('the workflows use actions by their major version', () => {
  const used = [...`${ci}${release}`.matchAll(/uses: (\S+)/g)].map(([, action = '']) => action)
  expect(used.length).toBeGreaterThan(14)
  expect(used.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([])
})
