import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** Words that this project no longer uses, each with the one that it uses instead. */
const WORDS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  // Names.
  [/\blend(s|er|ers|ing)?\b/i, 'TokenPolicy, getToken'],
  [/\bRenewal\b/, 'TokenRefresher'],
  [/throw-?away\b|\bthrown[ _-]?away|\b(throws?|threw) (\w+ ){0,3}away\b/i, 'clear'],
  [/\bowe[ds]?\b|payForRefresh/i, 'forceRefresh, chargeForcedRefresh'],
  [/\b(rests|rested|resting)\b|endpoint(Rest|_rest)/i, 'cooldown'],
  [/SharedTokens|shared-tokens/, 'StoreEntry'],
  [/sealed-?store/i, 'encrypted-store'],
  [/\brecency\b/i, 'lru-list'],
  [/source-?group/i, 'source-context'],
  [/\b[Dd]oors?\b|Door[A-Z]|[a-z]Doors?\b/, 'entry, MiddlewareOptions'],
  [/\bpatience\b/i, 'timeout'],
  [/own-adapter/i, 'adapter'],
  [/\bcall-?offs?\b|\bcall(s|ed|ing)? off\b|\bcalls it off\b/i, 'abort, cancel'],
  [/\broads?\b/i, 'network settings, way'],
  [/\bletGo\b|offItsConnection/, 'discardBody, bufferBody'],
  // Options, events and reasons.
  [
    /refusalErrcodes|fetchTimeoutMs|restingUntil/,
    'tokenInvalidErrcodes, tokenTimeoutMs, cooldownUntil',
  ],
  [/stood_aside|store_trouble/, 'skipped, store_error'],
  [/gave_up_waiting|body_sent_once/, 'aborted, body_not_replayable'],
  // Plain words.
  [/\btold\b/i, 'reported, called with'],
  [/\b(no|some|any|every)body\b/i, 'a noun: no caller, another process'],
  [/\btroubles?\b/i, 'failure, error, problem'],
  [/\bto be had\b|\bis had\b/i, 'available'],
  [/\b(given|gives?) on\b/i, 'passed on'],
  [/\bwho(ever)? (has given|gives) up\b/i, 'aborted'],
  // Chinese.
  [
    /记忆|自己的路|休息|寿命|栅栏|墙上/,
    '缓存、沿用该客户端的网络配置、冷却、有效期、防护令牌、系统时间',
  ],
]

const FOLDERS = ['src', 'test', 'docs', 'examples', 'bench', '.ci', '.github']
const PAPERS = [
  'README.md',
  'README.zh-CN.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'SECURITY.zh-CN.md',
]

const lines = execFileSync('git', ['ls-files', ...FOLDERS, ...PAPERS], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => file !== 'test/words.test.ts' && !/\.(svg|json|png)$/.test(file))
  .flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((text, index) => ({ where: `${file}:${index + 1}`, text })),
  )

it.each(WORDS)('%s is not used any more: write %s', (word) => {
  const found = lines.filter(({ where, text }) => word.test(where) || word.test(text))
  expect(found.map(({ where, text }) => `${where}: ${text.trim()}`)).toEqual([])
})

/** How a title begins that needs the describe around it to be a sentence. */
const FRAGMENT =
  /(?:\b(?:it|test)(?:\.\w+\(.*\))?|\])\(\s*['"`](?:(?:request )?rules? [\d and]+: )?(?:is|are|was|has|have|does|do|can|cannot|may|must|needs|keeps|leaves|rejects|returns|gets|of|that|whose|by|as|such|also|because|instead|and|or|its) /

it('the title of every test is a whole sentence, which stands alone in a failure line', () => {
  const found = lines.filter(
    ({ where, text }) => /^test\/.*\.ts:/.test(where) && FRAGMENT.test(text),
  )
  expect(found.map(({ where, text }) => `${where}: ${text.trim()}`)).toEqual([])
})
