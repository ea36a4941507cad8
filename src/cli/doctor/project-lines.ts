import { engines, version as ownVersion } from '../../../package.json'
import { fail, type Line, ok, type Say, warn } from './line.js'

/** `20.16` of `>=20.16`. */
const OLDEST_NODE = engines.node.replace(/^\D+/, '')

export function nodeLine(version: string, say: Say): Line {
  const found = `${version}, qyapi-token ${ownVersion}`
  if (!isOlder(version, OLDEST_NODE)) return ok('node', found)
  return fail(
    'node',
    found,
    say(`Update Node to ${OLDEST_NODE} or newer.`, `请把 Node 升级到 ${OLDEST_NODE} 或更新版本。`),
  )
}

const OLDEST_AXIOS = '1.5'

export function axiosLine(version: string | undefined, say: Say): Line {
  if (version === undefined)
    return ok(
      'axios',
      say('not installed here; qyapi-token/fetch needs none', '未安装；qyapi-token/fetch 不需要它'),
    )
  if (!isOlder(version, OLDEST_AXIOS)) return ok('axios', version)
  return fail(
    'axios',
    version,
    say(
      `attachToken needs axios ${OLDEST_AXIOS} or newer: update it.`,
      `attachToken 需要 axios ${OLDEST_AXIOS} 或更新版本：请升级。`,
    ),
  )
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number)
  return major < thanMajor || (major === thanMajor && minor < thanMinor)
}

/** Whether TypeScript finds the subpaths of this package. */
export interface SubpathFacts {
  readonly version: string
  /** As the project sets it; empty: TypeScript's default. */
  readonly moduleResolution: string
  readonly isResolved: boolean
}

export function subpathsLine(facts: SubpathFacts | undefined, say: Say): Line | undefined {
  if (facts === undefined) return undefined
  const { version, moduleResolution, isResolved } = facts
  const setting = moduleResolution === '' ? say('by default', '默认') : moduleResolution
  const found = `${version}, moduleResolution ${setting}`
  if (isResolved) return ok('typescript', found)
  return warn(
    'typescript',
    say(`${found}: qyapi-token/axios is not found`, `${found}：找不到 qyapi-token/axios`),
    say(
      'Set "moduleResolution" to "bundler" or "node16" in tsconfig.json.',
      '在 tsconfig.json 中把 "moduleResolution" 设为 "bundler" 或 "node16"。',
    ),
  )
}
