import type { TextByKind } from '../wecom/fetch-errcodes.js'

/**
 * The text for a kind of credential. `holderKind`: the kind of the app whose token the token request
 * carries.
 */
export function textByKind(
  text: TextByKind,
  { kind = '', holderKind = kind }: { kind?: string | undefined; holderKind?: string | undefined },
): string {
  if (typeof text === 'string') return text
  return own(text, kind) ?? own(text, holderKind) ?? text.others
}

function own(text: Exclude<TextByKind, string>, kind: string): string | undefined {
  return Object.hasOwn(text, kind) ? text[kind] : undefined
}
