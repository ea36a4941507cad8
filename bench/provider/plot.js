/** The provider's day as a picture: token requests a minute, with pools that spread their refreshes and without. */
const WIDTH = 720
const HEIGHT = 240
const LEFT = 64
const TOP = 44
/** Of this many minutes the mean is drawn. */
const STEP = 5
const INK = '#767b84'
const GREEN = '#1f8a50'
const RED = '#cf4a3c'

/**
 * An SVG. Its colours read on white and on black.
 *
 * @param {import('./day.js').Day} spread
 * @param {import('./day.js').Day} unspread
 */
export function plotDay(spread, unspread) {
  const lines = [unspread, spread].map(({ minutes }) => means(minutes))
  const most = Math.max(...lines.flat())
  const top = Math.ceil(most / 1000) * 1000
  const y = (/** @type {number} */ value) => TOP + HEIGHT * (1 - value / top)
  const x = (/** @type {number} */ minute) => LEFT + (WIDTH * minute) / 1440
  const [red = '', green = ''] = lines.map((line) =>
    line.map((value, at) => `${x(at * STEP).toFixed(1)},${y(value).toFixed(1)}`).join(' '),
  )
  const levels = [0, top / 2, top].map(
    (level) =>
      `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(level)}" y2="${y(level)}"/>` +
      `<text x="${LEFT - 8}" y="${y(level) + 4}" text-anchor="end">${level.toLocaleString('en')}</text>`,
  )
  const hours = [0, 3, 6, 9, 12, 15, 18, 21, 24].map(
    (hour) =>
      `<text x="${x(hour * 60)}" y="${TOP + HEIGHT + 18}" text-anchor="middle">${hour}:00</text>`,
  )
  const corps = spread.corps.toLocaleString('en')
  const calls = spread.calls.toLocaleString('en')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 24} ${TOP + HEIGHT + 30}" role="img" aria-label="Token requests a minute in a day of ${corps} corps">
<style>
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: ${INK} }
.title { font-size: 14px; font-weight: 700 }
line { stroke: ${INK}; stroke-opacity: 0.3 }
polyline { fill: none; stroke-width: 1.5 }
</style>
<text class="title" x="${LEFT}" y="16">Token requests a minute</text>
<text x="${LEFT}" y="33">${corps} corps, ${calls} calls a day; all tokens are lost at 9:00</text>
<text x="${LEFT + WIDTH}" y="16" text-anchor="end" style="fill: ${GREEN}">with spread refreshes</text>
<text x="${LEFT + WIDTH}" y="33" text-anchor="end" style="fill: ${RED}">without</text>
${levels.join('\n')}
${hours.join('\n')}
<polyline points="${red}" style="stroke: ${RED}"/>
<polyline points="${green}" style="stroke: ${GREEN}"/>
</svg>
`
}

function means(/** @type {readonly number[]} */ minutes) {
  const steps = Array.from({ length: minutes.length / STEP }, (_, at) =>
    minutes.slice(at * STEP, (at + 1) * STEP),
  )
  return steps.map((step) => step.reduce((all, one) => all + one, 0) / step.length)
}
