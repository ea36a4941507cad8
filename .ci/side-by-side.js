// Runs scripts of package.json in lanes: each argument is a lane, its scripts run one after the other,
// and the lanes side by side. Prints what each script said when it has ended.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

async function run(script) {
  const began = performance.now()
  // One pipe for both, in the order of writing.
  const command = `npm run --silent ${script} 2>&1`
  const child = spawn(command, { shell: true, stdio: ['inherit', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const said = await text(child.stdout)
  const isGreen = (await ended) === 0
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`\n> ${script}: ${isGreen ? 'passed' : 'FAILED'} in ${seconds} s\n${said.trimEnd()}`)
  return isGreen
}

/** Ends with the first script that fails. */
async function runLane(lane) {
  for (const script of lane.split(' ')) if (!(await run(script))) return false
  return true
}

const greens = await Promise.all(process.argv.slice(2).map(runLane))
process.exitCode = greens.every(Boolean) ? 0 : 1
