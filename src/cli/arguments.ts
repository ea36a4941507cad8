import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Words } from './language.js'

/** Wrong usage: exit code 2. Never contains a value, which may be a secret. */
export class UsageError extends Error {
  constructor(readonly words: Words) {
    super(words.en)
  }
}

const COMMON = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  json: { type: 'boolean' },
  lang: { type: 'string' },
} as const

const COMMANDS = {
  doctor: {
    corpid: { type: 'string' },
    corpsecret: { type: 'string' },
    agentid: { type: 'string' },
    'base-url': { type: 'string' },
    redis: { type: 'string' },
    prefix: { type: 'string' },
    'encryption-key': { type: 'string' },
  },
  explain: { kind: { type: 'string' } },
  fake: { port: { type: 'string' }, save: { type: 'string' } },
} as const satisfies Record<string, ParseArgsConfig['options']>

export type CommandName = keyof typeof COMMANDS

/** The arguments of one run. */
export interface Arguments {
  readonly command: CommandName | undefined
  readonly positionals: readonly string[]
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
}

function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}

/** A flag with a value; `undefined` if it was not passed. */
export function textOf({ flags }: Arguments, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** Throws a `UsageError`. */
export function readArguments(args: readonly string[]): Arguments {
  const command = commandIn(args)
  const options = { ...COMMON, ...(isCommand(command) ? COMMANDS[command] : {}) }
  // An errcode may be negative, which would read as an option.
  const isNumber = (arg: string) => /^-\d+$/.test(arg)
  const { values, positionals } = parsed(
    args.filter((arg) => !isNumber(arg)),
    options,
  )
  const [name, ...others] = [...positionals, ...args.filter(isNumber)]
  if (name !== undefined && !isCommand(name)) throw unknown('command', '命令', name)
  if (values.lang !== undefined && values.lang !== 'en' && values.lang !== 'zh')
    throw new UsageError({ en: '--lang must be en or zh', zh: '--lang 只能是 en 或 zh' })
  return { command: name, positionals: others, flags: values }
}

/** The first argument that is no option, nor the value of one. */
function commandIn(args: readonly string[]): string | undefined {
  const options = Object.assign({}, COMMON, ...Object.values(COMMANDS))
  const given = { args: [...args], options, strict: false, allowPositionals: true }
  return parseArgs(given).positionals[0]
}

function parsed(args: string[], options: NonNullable<ParseArgsConfig['options']>) {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    return { values: values as Arguments['flags'], positionals }
  } catch (error) {
    throw usageErrorOf(error)
  }
}

function usageErrorOf(error: unknown): UsageError {
  const { code, message } = error as { code?: string; message: string }
  const [, option = ''] = /'(--?[\w-]+)/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return unknown('option', '选项', option)
  if (isSwitch(option))
    return new UsageError({ en: `${option} takes no value`, zh: `${option} 不带值` })
  return new UsageError({
    en: `${shown(option)} was used in a wrong way: an option with a value is written --name value, or --name=value`,
    zh: `${shown(option)} 用法不对：带值的选项写成 --name value 或 --name=value`,
  })
}

function isSwitch(option: string): boolean {
  const { type } = Object(COMMON[option.slice(2) as keyof typeof COMMON])
  return type === 'boolean'
}

function unknown(what: string, whatInChinese: string, name: string): UsageError {
  return new UsageError({
    en: `unknown ${what} ${shown(name)}`,
    zh: `未知的${whatInChinese} ${shown(name)}`,
  })
}

/** What is longer than a word may be a secret. */
function shown(text: string): string {
  return /^-{0,2}[\w-]{1,20}$/.test(text) ? text : '…'
}
