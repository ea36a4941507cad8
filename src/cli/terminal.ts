import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** What a command may touch of its process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of the user's project. */
  readonly cwd: string
  /** Once for all output: what reads it, such as `head`, may be gone before a second time. */
  print(text: string): void
  printError(line: string): void
  /** Colours a text if a person reads it. */
  style(style: Style, text: string): string
  /** Resolves when the user or the system ends the process: SIGINT, SIGTERM. */
  untilEnded(): Promise<void>
}

export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process
  const isColoured = hasColours(stdout.isTTY, env)
  return {
    env,
    cwd: process.cwd(),
    print: (text) => void stdout.write(`${text}\n`),
    printError: (line) => void stderr.write(`${line}\n`),
    style: (style, text) => (isColoured ? styleText(style, text) : text),
    untilEnded: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
      }),
  }
}

/** Colours on a terminal only, unless NO_COLOR is set: https://no-color.org. */
export function hasColours(isTerminal: boolean | undefined, env: Terminal['env']): boolean {
  return isTerminal === true && !env.NO_COLOR && env.TERM !== 'dumb'
}
