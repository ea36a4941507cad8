import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Line, Say } from './line.js'
import { axiosLine, nodeLine, type SubpathFacts, subpathsLine } from './project-lines.js'

/** The lines of the project in `cwd`. */
export function projectLines(cwd: string, say: Say): Line[] {
  const require = createRequire(join(cwd, 'package.json'))
  const lines = [
    nodeLine(process.versions.node, say),
    axiosLine(versionOf('axios', require), say),
    subpathsLine(subpathFacts(cwd, require), say),
  ]
  return lines.filter((line) => line !== undefined)
}

/** The version of an installed package; `undefined` if there is none. */
function versionOf(name: string, require: NodeJS.Require): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    const file = join(folder, name, 'package.json')
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).version
  }
  return undefined
}

/** The parts of TypeScript's API that are used; TypeScript 7 has none. */
interface TypeScript {
  readonly version: string
  readonly sys?: unknown
  readonly ModuleResolutionKind: Readonly<Record<number, string>>
  readConfigFile?(path: string, read: (path: string) => string): { config?: unknown }
  parseJsonConfigFileContent(config: unknown, host: unknown, folder: string): { options: object }
  resolveModuleName(
    name: string,
    from: string,
    options: object,
    host: unknown,
  ): { resolvedModule?: object }
}

/** Whether the project's TypeScript finds `qyapi-token/axios`; `undefined` if nothing is to be said. */
function subpathFacts(cwd: string, require: NodeJS.Require): SubpathFacts | undefined {
  const file = join(cwd, 'tsconfig.json')
  const isInstalled = versionOf('qyapi-token', require) !== undefined
  if (!isInstalled || !existsSync(file)) return undefined
  try {
    const ts: TypeScript = require('typescript')
    if (ts.readConfigFile === undefined) return undefined
    const { config } = ts.readConfigFile(file, (path) => readFileSync(path, 'utf8'))
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(file))
    const from = join(cwd, 'src/any.ts')
    const { resolvedModule } = ts.resolveModuleName('qyapi-token/axios', from, options, ts.sys)
    const { moduleResolution } = options as { moduleResolution?: number }
    const named =
      moduleResolution === undefined ? '' : (ts.ModuleResolutionKind[moduleResolution] ?? '')
    return {
      version: ts.version,
      moduleResolution: named,
      isResolved: resolvedModule !== undefined,
    }
  } catch {
    return undefined
  }
}
