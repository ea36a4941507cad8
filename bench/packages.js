import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The version of an installed package, as its own package.json says. */
export function versionOf(/** @type {string} */ name) {
  for (let at = new URL('.', import.meta.resolve(name)); ; at = new URL('..', at)) {
    const found = packageAt(at)
    if (found?.name === name) return /** @type {string} */ (found.version)
    if (at.pathname === '/') throw new Error(`No package.json of ${name}`)
  }
}

function packageAt(/** @type {URL} */ folder) {
  try {
    return JSON.parse(readFileSync(fileURLToPath(new URL('package.json', folder)), 'utf8'))
  } catch {
    return undefined
  }
}
