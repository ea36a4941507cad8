import { version } from '../../package.json'
import { type Arguments, type CommandName, readArguments, UsageError } from './arguments.js'
import { doctor } from './doctor.js'
import { explain } from './explain.js'
import { fake } from './fake.js'
import { helpText } from './help.js'
import { type Language, languageOf } from './language.js'
import type { Terminal } from './terminal.js'

/** What a command is given. Resolves with the exit code. */
export type Command = (
  given: Arguments,
  language: Language,
  terminal: Terminal,
) => number | Promise<number>

const COMMANDS: Readonly<Record<CommandName, Command>> = { doctor, explain, fake }

/** Runs one command line. Resolves with the exit code. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const language = languageIn(args) ?? languageOf(terminal.env)
  try {
    const given = readArguments(args)
    const { command, flags } = given
    if (flags.version === true) {
      terminal.print(version)
      return 0
    }
    if (flags.help === true || command === undefined) {
      terminal.print(helpText(command, language))
      return flags.help === true ? 0 : 2
    }
    return await COMMANDS[command](given, language, terminal)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    terminal.printError(`qyapi-token: ${error.words[language]}`)
    terminal.printError(
      language === 'zh' ? '用法见 qyapi-token --help' : 'See qyapi-token --help for the usage',
    )
    return 2
  }
}

/** Before the arguments are read, since a wrong one is reported in this language. */
function languageIn(args: readonly string[]): Language | undefined {
  const [, value] = /(?:^|\n)--lang[=\n](en|zh)(?:\n|$)/.exec(args.join('\n')) ?? []
  return value as Language | undefined
}
