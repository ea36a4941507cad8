import type { Credential } from '../core/credential.js'
import { type TokenErrcodes, tokenErrcodes } from '../core/errcode.js'
import { type Emitter, emitEvent, type OwnEvent } from '../core/events.js'
import { type SourceOptions, type SourceSettings, sourceSettings } from '../core/options.js'
import type { Platform } from '../core/platform.js'
import type { LifePolicy } from '../core/token.js'
import { type PushedTickets, pushedTicketsFor } from '../gettoken/pushed-tickets.js'
import { type StoreAccess, storeAccess } from '../sharing/store-access.js'
import { StoreEntry } from '../sharing/store-entry.js'
import { type KeyOf, ticketKeyOf } from '../sharing/store-key.js'
import { OVER_LIMIT, TOO_MANY_AT_ONCE } from '../wecom/limits.js'
import { TokenMemo } from './memoized-token.js'

type Judges = Map<readonly number[], TokenErrcodes>

/** State that the sources of a pool share. A source outside a pool has its own. */
export class SourceContext {
  readonly settings: SourceSettings
  readonly memo: TokenMemo
  private readonly access: StoreAccess | undefined
  /** Created with the first answer: a source may never make a call. */
  private judges: Judges | undefined
  /** The same for calls that call limits count. */
  private limitJudges: Judges | undefined

  /** Checks the options that the sources share. Throws `bad_options`. */
  constructor(
    options: SourceOptions,
    platform: Platform,
    private readonly isOfPool = false,
  ) {
    this.settings = sourceSettings(options, platform)
    this.memo = new TokenMemo(this.settings.clock)
    const { store, clock } = this.settings
    this.access = store && storeAccess(store, clock)
  }

  /** One key of the store; `undefined` without a store. */
  storeEntry(keyOf: KeyOf, source: Emitter, isLineage = true): StoreEntry | undefined {
    const { settings, access } = this
    if (settings.store === undefined || access === undefined) return undefined
    return new StoreEntry(settings.store, keyOf, settings, access, source, isLineage)
  }

  emit(credential: Credential, event: OwnEvent): void {
    emitEvent(credential, event, this.settings)
  }

  /**
   * How a token's lifetime is divided; each token gets its own jitter. A pool's sources may all fetch
   * their first token in one minute, and would all refresh it in one minute ever after.
   */
  life(): LifePolicy {
    return { ...this.settings, jitter: this.settings.random(), isSpread: this.isOfPool }
  }

  /** Recognizes refusals of a kind's tokens by the errcodes of that kind. */
  errcodesOf(errcodes: readonly number[]): TokenErrcodes {
    this.judges ??= new Map()
    return this.judges.get(errcodes) ?? this.newJudge(this.judges, errcodes)
  }

  /** Finds the errcodes of call limits, too. */
  limitErrcodesOf(errcodes: readonly number[]): TokenErrcodes {
    this.limitJudges ??= new Map()
    const others = [OVER_LIMIT, TOO_MANY_AT_ONCE]
    return this.limitJudges.get(errcodes) ?? this.newJudge(this.limitJudges, errcodes, others)
  }

  private newJudge(judges: Judges, errcodes: readonly number[], others?: readonly number[]) {
    const judge = tokenErrcodes([...errcodes, ...this.settings.tokenInvalidErrcodes], others)
    judges.set(errcodes, judge)
    return judge
  }

  /**
   * The pushed tickets of a credential that needs them. `onArrival`: a missing ticket has arrived.
   */
  pushedTickets(source: Emitter, onArrival: () => void): PushedTickets | undefined {
    const { ticket } = source.credential
    if (ticket === undefined) return undefined
    const { settings } = this
    const need = { ...ticket, given: () => source.credential.ticket?.given() }
    const entry = this.storeEntry(() => ticketKeyOf(source.credential, settings), source, false)
    return pushedTicketsFor(need, entry, settings.clock, onArrival)
  }
}
