/** Prints the table of docs/scale.md, and draws its picture: `npm run bench:provider`, half a minute. */
import { writeFileSync } from 'node:fs'
import { simulatedDay } from './day.js'
import { plotDay } from './plot.js'

const DAYS = [
  { corps: 100_000, callsPerCorp: 50, isSpread: false },
  { corps: 100_000, callsPerCorp: 50 },
  { corps: 100_000, callsPerCorp: 500, isSpread: false },
  { corps: 100_000, callsPerCorp: 500 },
  { corps: 1_000_000, callsPerCorp: 50 },
]

const days = DAYS.map((size) => ({ size, day: simulatedDay(size) }))
for (const { size, day } of days) {
  const { corps, calls, tokenRequests, ideal, waiting, busiest, minutes } = day
  const cells = [
    corps.toLocaleString('en'),
    calls.toLocaleString('en'),
    size.isSpread === false ? 'no' : 'yes',
    tokenRequests.toLocaleString('en'),
    `${(tokenRequests / ideal).toFixed(2)} ×`,
    `${((100 * waiting) / calls).toFixed(1)} %`,
    `${busiest.toFixed(1)} ×`,
    (minutes[540] ?? 0).toLocaleString('en'),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

const drawn = days.filter(({ day }) => day.calls === 50_000_000 && day.corps === 100_000)
const spread = drawn.find(({ size }) => size.isSpread !== false)
const unspread = drawn.find(({ size }) => size.isSpread === false)
if (spread && unspread) {
  const picture = new URL('../../docs/images/provider-day.svg', import.meta.url)
  writeFileSync(picture, plotDay(spread.day, unspread.day))
}
