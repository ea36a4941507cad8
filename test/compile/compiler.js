// Compiles files of users' projects by one TypeScript, in one process: what it has read once it knows.
// node compiler.js <typescript> <jobs as JSON>; prints the lines of each job as JSON.
import { createRequire } from 'node:module'

const [, , typescript = '', jobsText = ''] = process.argv
const ts = createRequire(import.meta.url)(typescript)
const cache = new Map()

/** A host that keeps what it has parsed, by name and module format. */
function hostOf(options, kind) {
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, version, ...others) => {
    const key = `${kind} ${version.impliedNodeFormat} ${name}`
    if (!cache.has(key)) cache.set(key, getSourceFile.call(host, name, version, ...others))
    return cache.get(key)
  }
  return host
}

function linesOf({ folder, file, options, typeRoots }) {
  process.chdir(folder)
  const always = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: ['node'],
    skipDefaultLibCheck: true,
    typeRoots: [typeRoots],
  }
  const { options: parsed, errors } = ts.convertCompilerOptionsFromJson(
    { ...always, ...options },
    folder,
  )
  const program = ts.createProgram([file], parsed, hostOf(parsed, options.moduleResolution))
  const found = [...errors, ...ts.getPreEmitDiagnostics(program)]
  const host = {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  }
  return ts.formatDiagnostics(found, host).split('\n').filter(Boolean)
}

console.log(JSON.stringify(JSON.parse(jobsText).map(linesOf)))
