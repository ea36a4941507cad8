import type { TextByKind } from '../fetch-errcodes.js'

/** What an errcode means and what to do, in one language. */
export interface ErrcodeTexts {
  /** Part of a sentence. In English left out if `FETCH_ERRCODES` has it. */
  readonly meaning?: TextByKind
  /** The usual causes, the most frequent first. */
  readonly causes: readonly string[]
  /** Whole sentences. In English left out if `FETCH_ERRCODES` has it. */
  readonly remedy?: TextByKind
}

/**
 * One errcode. Only literals and constants of the same file, so that bundlers drop the tables where
 * nothing uses them.
 */
export interface ErrcodeRow {
  /** Our own name for it, stable and unique. */
  readonly name: string
  /** The page that explains it: `document/path/<page>`, if it is not 90313 (全局错误码). */
  readonly page?: number
  /** Only if neither the sets of `errcodes.ts` nor `FETCH_ERRCODES` decide it, and it is not `no`. */
  readonly retry?: 'later' | 'new_code'
  readonly en: ErrcodeTexts
  readonly zh: ErrcodeTexts
}

export type ErrcodeRows = Readonly<Record<number, ErrcodeRow>>
