// A short report on the terminal; in colours only if it is one.
const isTerminal = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
const paint = (code) => (text) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text)
const bold = paint(1)
const green = paint(32)
const red = paint(31)
const grey = paint(90)

/** @param {() => number | undefined} countFetches how many token requests there were so far */
export function report(countFetches) {
  let failed = 0
  let steps = 0

  return {
    section(title) {
      console.log(`\n${bold(title)}`)
    },
    async step(title, { run, gettoken, holds, shows }) {
      const before = countFetches()
      const startedAt = performance.now()
      const outcome = await run().then(
        (value) => ({ value }),
        (error) => ({ error }),
      )
      const tookMs = Math.round(performance.now() - startedAt)
      const fetches = before === undefined ? undefined : countFetches() - before
      const isFine = 'value' in outcome && holds(outcome.value) && fetches === gettoken
      steps += 1
      if (!isFine) failed += 1
      const counted = fetches === undefined ? '' : `${fetches} gettoken, `.padStart(12)
      const facts = grey(`${counted}${String(tookMs).padStart(4)} ms`)
      console.log(`  ${isFine ? green('✓') : red('✗')} ${title.padEnd(56)} ${facts}`)
      if (!isFine && fetches !== gettoken) console.log(`    expected ${gettoken} gettoken`)
      if ('error' in outcome) console.log(`    ${red(outcome.error.message)}`)
      else if (shows !== undefined) console.log(grey(`    ${shows(outcome.value)}`))
    },
    finish() {
      console.log(
        failed === 0
          ? `\n${green(`All ${steps} held.`)}`
          : `\n${red(`${failed} of ${steps} did not hold.`)}`,
      )
      process.exitCode = failed === 0 ? 0 : 1
    },
  }
}
