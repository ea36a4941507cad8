/** Prints the table of docs/scale.md: `npm run bench:provider`, half a minute. */
import { simulatedDay } from './day.js'

const DAYS = [
  { corps: 100_000, callsPerCorp: 50, isSpread: false },
  { corps: 100_000, callsPerCorp: 50 },
  { corps: 100_000, callsPerCorp: 500, isSpread: false },
  { corps: 100_000, callsPerCorp: 500 },
  { corps: 1_000_000, callsPerCorp: 50 },
]

for (const size of DAYS) {
  const { corps, calls, tokenRequests, ideal, waiting, busiest, minutes } = simulatedDay(size)
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
