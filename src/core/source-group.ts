import { type Emit, type EventSubject, emitTo, type OwnEvent } from './events.js'
import { type TokenMemo, tokenMemo } from './memoized-token.js'
import { type SourceOptions, type SourceSettings, sourceSettings } from './options.js'
import type { Platform } from './platform.js'
import { SharedTokens } from './shared-tokens.js'
import { type StoreAccess, storeAccess } from './store-access.js'
import type { KeyOf } from './store-key.js'
import type { LifePolicy } from './token.js'
import { type Refusals, refusals } from './verdict.js'

/** What the sources of a pool have in common. A source of its own has a group to itself. */
export class SourceGroup {
  readonly settings: SourceSettings
  readonly memo: TokenMemo
  private readonly access: StoreAccess | undefined
  /** Made when the first answer is judged: a source may never make a call. */
  private judges: Map<readonly number[], Refusals> | undefined

  /** Checks the options that the sources share. Throws `bad_options`. */
  constructor(options: SourceOptions, machine: Platform) {
    this.settings = sourceSettings(options, machine)
    this.memo = tokenMemo(this.settings)
    const { store, clock } = this.settings
    this.access = store && storeAccess(store, clock)
  }

  /** One key of the store; `undefined`: there is no store. */
  shared(keyOf: KeyOf, emit: Emit, isLineage = true): SharedTokens | undefined {
    const { settings, access } = this
    if (settings.store === undefined || access === undefined) return undefined
    return new SharedTokens(settings.store, keyOf, settings, access, emit, isLineage)
  }

  /** Tells the user's listener, and whoever debugs. */
  emit(subject: EventSubject, event: OwnEvent): void {
    emitTo(this.settings.onEvent, subject, event)
    emitTo(this.settings.debug, subject, event)
  }

  /** How a life is cut; another one for each token. */
  life(): LifePolicy {
    return { ...this.settings, jitter: this.settings.random() }
  }

  /** What refuses the tokens of a kind, by the errcodes of that kind. */
  refusalsOf(errcodes: readonly number[]): Refusals {
    this.judges ??= new Map()
    const known = this.judges.get(errcodes)
    if (known !== undefined) return known
    const judge = refusals([...errcodes, ...this.settings.refusalErrcodes])
    this.judges.set(errcodes, judge)
    return judge
  }
}
