/** The size of an entry in a bundle, as `size-limit` measures it. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'

const SIZE_LIMIT = createRequire(import.meta.url)
  .resolve('size-limit/package.json')
  .replace('package.json', 'bin.js')

/**
 * @typedef {object} Size
 * @property {string} name
 * @property {number} size Bytes, minified and compressed by gzip.
 */

/** @returns {Size[]} */
export function entrySizes() {
  try {
    return JSON.parse(execFileSync(process.execPath, [SIZE_LIMIT, '--json'], { encoding: 'utf8' }))
  } catch (error) {
    // Over the guard that package.json sets: the figures are there all the same.
    const { stdout } = /** @type {{ stdout?: string }} */ (error)
    if (stdout) return JSON.parse(stdout)
    throw error
  }
}
