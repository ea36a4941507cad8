import { runCommand } from '../../src/cli/run-command.js'
import type { Terminal } from '../../src/cli/terminal.js'

/** What one run of the command did. */
export interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A terminal that remembers what was printed, and is ended by `end()`. */
export function stubTerminal(given: Partial<Terminal> = {}) {
  const lines = { stdout: [] as string[], stderr: [] as string[] }
  const ending = new AbortController()
  const ended = new Promise<void>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve())
  })
  const terminal: Terminal = {
    env: {},
    cwd: process.cwd(),
    print: (line) => void lines.stdout.push(line),
    printError: (line) => void lines.stderr.push(line),
    style: (_style, text) => text,
    untilEnded: () => ended,
    ...given,
  }
  return { terminal, end: () => ending.abort(), ...lines }
}

/** Runs a command line in this process. */
export async function run(args: readonly string[], given: Partial<Terminal> = {}): Promise<Run> {
  const { terminal, stdout, stderr } = stubTerminal(given)
  const exitCode = await runCommand(args, terminal)
  return { exitCode, stdout: stdout.join('\n'), stderr: stderr.join('\n') }
}
