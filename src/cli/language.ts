export type Language = 'en' | 'zh'

/** A text in both languages. */
export interface Words {
  readonly en: string
  readonly zh: string
}

/** The language of the environment, by the first variable that is set, as in POSIX. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value)
  return locale?.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}
