import { type Scrub, scrubber } from '../core/redact.js'
import type { Arguments } from './arguments.js'
import { type Line, sayIn } from './doctor/line.js'
import { projectLines } from './doctor/project.js'
import { secretsOf, settingsOf } from './doctor/settings.js'
import { storeLines } from './doctor/store.js'
import { settingsLines } from './doctor/token-lines.js'
import { wecomLines } from './doctor/wecom.js'
import type { Language } from './language.js'
import type { Terminal } from './terminal.js'

/**
 * Looks at all that stands between this machine and a token: settings, network, WeCom's answers, the
 * store, the project. Exit code 1 if something does not work.
 */
export async function doctor(
  given: Arguments,
  language: Language,
  terminal: Terminal,
): Promise<number> {
  const { env, cwd } = terminal
  const say = sayIn(language)
  const settings = settingsOf(given, env)
  const secrets = secretsOf(settings, env)
  const keepSecret = (token: string) => void secrets.push(token)
  // One after the other, so that the times are those of the network.
  const ofWecom = await wecomLines(settings, env, language, say, keepSecret)
  const ofStore = await storeLines(settings, cwd, say)
  const found = [...projectLines(cwd, say), ...settingsLines(settings, say), ...ofWecom, ...ofStore]
  const lines = found.map((line) => scrubbed(line, scrubber(secrets)))

  const isFine = lines.every(({ status }) => status !== 'fail')
  if (given.flags.json === true) terminal.print(JSON.stringify({ ok: isFine, checks: lines }))
  else terminal.print([...tableOf(lines, terminal)].join('\n'))
  return isFine ? 0 : 1
}

/** Whatever a server or a driver said, no line shows a secret. */
function scrubbed({ found, remedy, ...line }: Line, scrub: Scrub): Line {
  return { ...line, found: scrub(found), ...(remedy !== undefined && { remedy: scrub(remedy) }) }
}

const MARKS = { ok: ['green', '✓'], warn: ['yellow', '!'], fail: ['red', '✗'] } as const

function* tableOf(lines: readonly Line[], { style }: Terminal) {
  const width = Math.max(...lines.map(({ check }) => check.length))
  for (const { check, status, found, remedy } of lines) {
    const [colour, mark] = MARKS[status]
    yield `${style(colour, mark)} ${style('bold', check.padEnd(width))}  ${found}`
    if (remedy !== undefined) yield `${' '.repeat(width + 4)}→ ${remedy}`
  }
}
