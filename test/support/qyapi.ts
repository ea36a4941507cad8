import nock from 'nock'
import { afterEach, beforeEach, vi } from 'vitest'
import {
  type FakeClock,
  type FakeQyapi,
  type FakeQyapiOptions,
  fakeClock,
  fakeQyapi,
} from '../../src/testing.js'
import { hasCryptoJobs } from './crypto-jobs.js'

export const ORIGIN = 'https://qyapi.weixin.qq.com'
export const APP = { corpId: 'ww-fake', corpSecret: 'fake-secret' }

/** The fake qyapi behind nock, with a clock that it shares with the source. */
export interface Wire {
  readonly wecom: FakeQyapi
  readonly clock: FakeClock
  /** How many gettoken requests came. */
  fetches(): number
}

/** Answers qyapi.weixin.qq.com by nock; everything else is refused, so that no request leaves by mistake. */
export function interceptQyapi(options: FakeQyapiOptions = {}): Wire {
  const clock = fakeClock()
  const wecom = fakeQyapi({ now: () => clock.wall(), ...options })
  nock.cleanAll()
  wecom.interceptWith(nock)
  return { wecom, clock, fetches: () => wecom.count('gettoken') }
}

/** Call once in each file that uses nock. */
export function useNock(): void {
  beforeEach(() => {
    nock.disableNetConnect()
  })
  afterEach(() => {
    vi.useRealTimers()
    nock.cleanAll()
    nock.enableNetConnect()
    nock.restore()
    nock.activate()
  })
}

/** Resolves when everything that can happen without the clock has happened, in other threads too. */
export async function settle(): Promise<void> {
  for (let idleTurns = 0; idleTurns < 5; idleTurns = hasCryptoJobs() ? 0 : idleTurns + 1)
    await new Promise((resolve) => setImmediate(resolve))
}

/** For tests with a real server on this machine. */
export function allowLoopback(): void {
  nock.enableNetConnect('127.0.0.1')
}
