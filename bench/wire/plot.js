/** The figures of the wire as a picture: for each client a group of bars, the bare client's speed as a line. */
import { OURS } from '../peers/qyapi-token.js'
import { machine, today } from '../report.js'
import { isFast, TARGETS } from '../targets.js'
import { BARE } from './run.js'

const LABEL_WIDTH = 190
const BAR_WIDTH = 420
const ROW_HEIGHT = 20
const GROUP_GAP = 34
const TOP = 64
const INK = '#767b84'
const GREEN = '#1f8a50'
const RED = '#cf4a3c'

/** An SVG. Its colours read on white and on black. */
export function plotWire(/** @type {readonly import('./run.js').WireFigures[]} */ figures) {
  const most = Math.max(1.1, ...figures.map(({ ratio }) => ratio))
  const groups = new Map(figures.map((row) => [`${row.client}, ${row.judgedBy}`, row]))
  const parts = []
  let top = TOP
  for (const [title, { client, entry, judgedBy }] of groups) {
    const rows = figures.filter((row) => row.client === client && row.judgedBy === judgedBy)
    const shown = rows.filter(({ name }) => name !== BARE)
    const bare = rows.find(({ name }) => name === BARE)?.perSecond ?? 0
    const note = `bare: ${Math.round(bare).toLocaleString('en')} a second; target ${TARGETS.wire[entry][judgedBy]}`
    parts.push(
      `<text class="title" x="0" y="${top}">${title}</text>`,
      `<text class="small" x="${LABEL_WIDTH}" y="${top}">${note}</text>`,
      ...shown.map((row, at) => barOf(row, top + 18 + at * ROW_HEIGHT, most)),
    )
    top += 18 + shown.length * ROW_HEIGHT + GROUP_GAP
  }
  const bareAt = LABEL_WIDTH + BAR_WIDTH / most
  const width = LABEL_WIDTH + BAR_WIDTH + 90
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 -4 ${width} ${top}" width="${width}" height="${top}" role="img" aria-label="Requests a second on real HTTP, as a share of the bare client's">
<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: ${INK} }
.title { font-weight: 700 }
.ours { fill: ${GREEN}; font-weight: 700 }
.missed { fill: ${RED}; font-weight: 700 }
.small { font-size: 11px }
line { stroke: ${INK}; stroke-dasharray: 3 3 }
</style>
<text class="title" x="0" y="16">Requests a second, as a share of the bare client's</text>
<text class="small" x="0" y="34">${escaped(machine())}, ${today()}</text>
<line x1="${bareAt}" x2="${bareAt}" y1="${TOP - 12}" y2="${top - GROUP_GAP}"/>
<text class="small" x="${bareAt + 4}" y="${TOP - 16}">bare</text>
${parts.join('\n')}
</svg>
`
}

/**
 * @param {import('./run.js').WireFigures} row
 * @param {number} y
 * @param {number} most
 */
function barOf(row, y, most) {
  const isOurs = row.name === OURS
  const kind = !isOurs ? 'name' : isFast(row) ? 'ours' : 'missed'
  const length = ((row.ratio / most) * BAR_WIDTH).toFixed(1)
  const fill = !isOurs ? INK : isFast(row) ? GREEN : RED
  return [
    `<text class="${kind}" x="0" y="${y + 10}">${escaped(row.name)}</text>`,
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${length}" height="12" rx="2" fill="${fill}"/>`,
    `<text class="${kind}" x="${LABEL_WIDTH + Number(length) + 6}" y="${y + 10}">${row.ratio.toFixed(2)}</text>`,
  ].join('\n')
}

function escaped(/** @type {string} */ text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
