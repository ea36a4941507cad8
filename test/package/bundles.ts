import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import manifest from '../../package.json' with { type: 'json' }
import { inPackage } from './packed.js'

/** What is loaded when a file of dist is. */
export interface Bundle {
  /** The file itself and, by way of relative imports, its chunks. */
  readonly files: readonly string[]
  /** Every other module that they import or require. */
  readonly imports: readonly string[]
  /** The sources that went into them; for declarations none. */
  readonly sources: readonly string[]
}

/** The files of one entry point, relative to the package. */
export interface EntryPoint {
  readonly name: string
  readonly import: EntryFiles
  readonly require: EntryFiles
}

interface EntryFiles {
  readonly types: string
  readonly default: string
}

export const entryPoints: readonly EntryPoint[] = Object.entries(manifest.exports).flatMap(
  ([path, files]) =>
    typeof files === 'string' ? [] : [{ name: posix.join('qyapi-token', path), ...files }],
)

/** The command, an ES module without types. */
export const command = manifest.bin['qyapi-token']

export function bundleOf(entry: string): Bundle {
  const files = new Set<string>()
  const imports = new Set<string>()
  const follow = (file: string) => {
    if (files.has(file)) return
    files.add(file)
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.'))
        follow(posix.join(posix.dirname(file), declared(specifier, file)))
      else imports.add(specifier)
    }
  }
  follow(posix.normalize(entry))
  const sources = [...files].filter((file) => !isDeclaration(file)).flatMap(sourcesOf)
  return { files: [...files], imports: [...imports].sort(), sources: [...new Set(sources)].sort() }
}

/** The package whose code a source is, if it is not ours. */
export function packageOf(source: string): string | undefined {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1]
}

function importsOf(file: string): string[] {
  const { importedFiles, referencedFiles } = ts.preProcessFile(
    readFileSync(inPackage(file), 'utf8'),
    true,
    true,
  )
  return [...importedFiles, ...referencedFiles].map(({ fileName }) => fileName)
}

/** What esbuild says of a format: the sources of each file, relative to the package. */
interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>
}

function metafileOf(format: string): Metafile {
  return JSON.parse(readFileSync(inPackage(`dist/metafile-${format}.json`), 'utf8'))
}

const metafiles = [metafileOf('esm'), metafileOf('cjs')]

function sourcesOf(file: string): string[] {
  return metafiles.flatMap(({ outputs }) => Object.keys(outputs[file]?.inputs ?? {}))
}

function isDeclaration(file: string): boolean {
  return /\.d\.[cm]?ts$/.test(file)
}

/** Declarations import each other by the names of the JavaScript that they declare. */
function declared(specifier: string, importer: string): string {
  return isDeclaration(importer) ? specifier.replace(/\.([cm]?)js$/, '.d.$1ts') : specifier
}
