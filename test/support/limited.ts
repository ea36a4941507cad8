import type { OwnEvent } from '../../src/core/events.js'
import type { CallPlace, CountedCall, PendingPlace } from '../../src/core/limits.js'
import { type Credential, type QyapiTokenError, selfBuilt } from '../../src/index.js'
import { type CallLimitsOptions, callLimits } from '../../src/limits.js'
import { fakeClock } from '../../src/testing.js'

export const appOf = (corpId: string) => selfBuilt({ corpId, corpSecret: `secret-of-${corpId}` })

/** A call that asks for its place, and what it got so far. */
export interface LimitedCallState {
  sent: boolean
  error: QyapiTokenError | undefined
  end(errcode?: number): void
  fail(): void
  cancel(): void
}

export const isPending = (entered: CallPlace | PendingPlace): entered is PendingPlace =>
  'place' in entered

/** Call limits with a fake clock. Callers wait for longer than a minute and the bucket of an answer. */
export function limited(options: CallLimitsOptions = {}) {
  const clock = fakeClock()
  const limits = callLimits({ clock, maxWaitMs: 120_000, ...options })
  const events: OwnEvent[] = []
  const sent: LimitedCallState[] = []

  const call = (
    endpoint: string,
    credential: Credential | undefined,
    more: Partial<CountedCall> = {},
  ): LimitedCallState => {
    const emit = (event: OwnEvent) => void events.push(event)
    const entered = limits.enter({ endpoint, credential, emit, ...more })
    let place = isPending(entered) ? undefined : entered
    const state: LimitedCallState = {
      sent: place !== undefined,
      error: undefined,
      cancel: () => entered.cancel(),
      end: (errcode) => place?.end(errcode),
      fail: () => place?.fail(),
    }
    if (place !== undefined) sent.push(state)
    if (isPending(entered))
      entered.place.then(
        (given) => {
          place = given
          state.sent = true
          sent.push(state)
        },
        (error) => {
          state.error = error
        },
      )
    return state
  }

  /** Everything that can happen without the clock has happened. */
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await settle()
  }
  return { clock, limits, events, sent, call, settle, pass }
}
