// A folder for each subpath, with a package.json that leads into dist: for what does not read `exports`,
// such as TypeScript's `moduleResolution: node10`, Jest 27, webpack 4 and eslint-plugin-import.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { posix } from 'node:path'

const { exports, files } = JSON.parse(readFileSync('package.json', 'utf8'))

for (const [path, formats] of Object.entries(exports)) {
  if (path === '.' || typeof formats === 'string') continue
  const folder = posix.normalize(path)
  if (!files.includes(folder.split('/')[0])) throw new Error(`package.json's files lack ${folder}`)
  const from = (file) => posix.relative(folder, file)
  const main = from(formats.require.default)
  const module = from(formats.import.default)
  const types = from(formats.require.types)
  mkdirSync(folder, { recursive: true })
  const manifest = { main, module, types, sideEffects: false }
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`)
}
