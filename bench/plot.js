/**
 * The results as a picture: one column for ours and for each peer, one row for each figure, and a
 * bar in every cell. Its colours are of middle brightness, so that they read on white and on black.
 */
import { OURS } from './peers/qyapi-token.js'
import { machine, today } from './report.js'
import { isCheap, TARGETS } from './targets.js'

const LABEL_WIDTH = 250
const COLUMN_WIDTH = 108
const BAR_WIDTH = 52
const ROW_HEIGHT = 34
const HEAD_HEIGHT = 74
const MARGIN = 12
const INK = '#767b84'
const GREEN = '#1f8a50'
const RED = '#cf4a3c'

/**
 * One cell. `share` of a whole bar, from 0 to 1.
 * @typedef {object} Cell
 * @property {string} text
 * @property {number} share
 * @property {string} problem What is wrong with it, if anything.
 */

/**
 * @typedef {object} Row
 * @property {string} label
 * @property {string} hint
 * @property {(Cell | undefined)[]} cells
 */

/** An SVG. */
export function plot(/** @type {import('./report.js').Results} */ results) {
  const names = results.peers.map(({ name }) => name)
  const scenarios = results.scenarios.map((scenario) => scenarioRow(scenario, names))
  const costs = costRows(results.costs, names)
  const width = LABEL_WIDTH + names.length * COLUMN_WIDTH + 2 * MARGIN
  const upper = panel('Token requests (log scale)', names, scenarios)
  const lower = panel('Microseconds added to one request', [], costs)
  const lowerTop = HEAD_HEIGHT + scenarios.length * ROW_HEIGHT + 24
  const height = lowerTop + HEAD_HEIGHT + costs.length * ROW_HEIGHT + 2 * MARGIN

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Token requests per scenario, and microseconds added to one request">
<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: ${INK} }
.title { font-size: 15px; font-weight: 700 }
.ours { fill: ${GREEN}; font-weight: 700 }
.small { font-size: 11px }
.problem { font-size: 11px; fill: ${RED}; font-weight: 600 }
line { stroke: ${INK}; stroke-opacity: 0.25 }
</style>
${upper}
<g transform="translate(0 ${lowerTop})">
${lower}
<text class="small" x="0" y="40">10th percentile, ${escaped(machine())}, ${today()}</text>
</g>
</svg>
`
}

/**
 * @param {import('./report.js').Results['scenarios'][number]} scenario
 * @param {readonly string[]} names
 * @returns {Row}
 */
function scenarioRow({ name, most, played, mustSucceed }, names) {
  const cells = names.map((who) => {
    // Of our two entries the worse one.
    const [worst] = played
      .filter((each) => each.name === who || each.name.startsWith(`${who}/`))
      .sort((one, other) => other.gettoken - one.gettoken || one.ok - other.ok)
    if (worst === undefined) return undefined
    const { gettoken, ok, of, isMet } = worst
    const lost = mustSucceed ? of - ok : 0
    const isMissed = who === OURS && !isMet
    return {
      text: gettoken.toLocaleString('en'),
      share: (Math.log10(Math.max(gettoken, 1)) + 0.2) / 4.2,
      problem: lost > 0 ? `${lost.toLocaleString('en')} calls lost` : isMissed ? MISSED : '',
    }
  })
  return { label: name, hint: `target: at most ${most}`, cells }
}

/**
 * @param {readonly import('./cost.js').Cost[]} costs
 * @param {readonly string[]} names
 * @returns {Row[]}
 */
function costRows(costs, names) {
  const most = Math.max(...costs.map(({ added }) => added.wall.p10))
  const kinds = new Map(costs.map((cost) => [`${cost.entry}, ${LOOKED_INTO[cost.judgedBy]}`, cost]))
  return [...kinds].map(([label, { entry, judgedBy }]) => ({
    label,
    hint: `target: at most ${TARGETS.addedMicroseconds[entry][judgedBy]} µs`,
    cells: names.map((who) => {
      const cost = costs.find(
        (each) => each.entry === entry && each.judgedBy === judgedBy && each.name === who,
      )
      if (cost === undefined) return undefined
      const { p10 } = cost.added.wall
      const problem = who === OURS && !isCheap(cost) ? MISSED : ''
      return { text: p10.toFixed(1), share: Math.max(0, p10) / most, problem }
    }),
  }))
}

const MISSED = 'target missed'
const LOOKED_INTO = { header: 'with error-code header', body: 'judged by its body' }

/**
 * @param {string} title
 * @param {readonly string[]} names
 * @param {readonly Row[]} rows
 */
function panel(title, names, rows) {
  return [
    `<text class="title" x="0" y="20">${escaped(title)}</text>`,
    ...names.map(columnHead),
    ...rows.map((row, at) => rowOf(row, HEAD_HEIGHT + at * ROW_HEIGHT)),
  ].join('\n')
}

/**
 * @param {string} name
 * @param {number} column
 */
function columnHead(name, column) {
  const x = LABEL_WIDTH + column * COLUMN_WIDTH
  // In up to three lines, broken where a name has its joints.
  const lines = name.split(/(?<=\/|axios-|token-|auth-)| (?=policy|alone)/)
  const kind = name === OURS ? 'ours' : 'name'
  return lines
    .map((line, at) => `<text class="${kind}" x="${x}" y="${20 + at * 16}">${escaped(line)}</text>`)
    .join('')
}

/**
 * @param {Row} row
 * @param {number} top
 */
function rowOf({ label, hint, cells }, top) {
  return [
    `<line x1="0" x2="${LABEL_WIDTH + cells.length * COLUMN_WIDTH}" y1="${top - 6}" y2="${top - 6}"/>`,
    `<text x="0" y="${top + 8}">${escaped(label)}</text>`,
    `<text class="small" x="0" y="${top + 22}">${escaped(hint)}</text>`,
    ...cells.map((cell, at) => cellOf(cell, LABEL_WIDTH + at * COLUMN_WIDTH, top, at === 0)),
  ].join('\n')
}

/**
 * @param {Cell | undefined} cell
 * @param {number} x
 * @param {number} top
 * @param {boolean} isOurs
 */
function cellOf(cell, x, top, isOurs) {
  if (cell === undefined) return `<text x="${x}" y="${top + 9}">–</text>`
  const { text, share, problem } = cell
  const length = Math.max(2, share * BAR_WIDTH).toFixed(1)
  const value = `<text class="${isOurs ? 'ours' : 'value'}" x="${x + Number(length) + 5}" y="${top + 9}">${text}</text>`
  const bar = `<rect x="${x}" y="${top - 1}" width="${length}" height="11" rx="2" fill="${isOurs ? GREEN : INK}"/>`
  const note =
    problem === ''
      ? ''
      : `<text class="problem" x="${x}" y="${top + 23}">${escaped(problem)}</text>`
  return bar + value + note
}

function escaped(/** @type {string} */ text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
