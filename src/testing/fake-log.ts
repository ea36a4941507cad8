import type { FakeAnswer, FakeRequest, NextAnswer } from './fake-answers.js'

/** One request and its answer, as they happened. */
export interface Exchange {
  /** When the request came, by the fake's clock, in milliseconds. */
  readonly at: number
  readonly ms: number
  readonly request: FakeRequest
  readonly answer: FakeAnswer
  readonly next: NextAnswer
}

/** How many exchanges the log keeps, and entries the page. */
export const KEPT = 1000

/** The last exchanges, and those who follow them. */
export function exchangeLog() {
  const kept: Exchange[] = []
  const followers = new Set<(exchange?: Exchange) => void>()
  const notify = (exchange?: Exchange) => {
    for (const follower of followers) follower(exchange)
  }

  return {
    add(exchange: Exchange): void {
      kept.push(exchange)
      if (kept.length > KEPT) kept.shift()
      notify(exchange)
    },
    /** Something else changed: a token, an owner, a planned answer. */
    changed: () => notify(),
    /** Passes on what is kept, then every new exchange, and nothing for another change. */
    follow(follower: (exchange?: Exchange) => void): void {
      for (const exchange of kept) follower(exchange)
      followers.add(follower)
    },
  }
}
