import type { AxiosResponse } from 'axios'
import { letGo } from '../core/peek.js'
import { replayOnce } from '../core/replay.js'
import {
  asTheCallers,
  failedOutcome,
  freeConnection,
  type Outcome,
  refusedBy,
  settled,
} from './answer.js'
import { lateSendingOf, type Sending } from './call.js'
import { attempt, waitLikeAxios } from './patience.js'

/** Sends a call with its token; what comes is the caller's answer, after a replay if it was refused. */
export function sendAndJudge(sending: Sending): Promise<AxiosResponse> {
  const { onFulfilled, onRejected } = responseInterceptor(sending)
  return attempt(sending).then(onFulfilled, onRejected)
}

/** Spots a token-invalid errcode, clears that token and replays the request once. */
function responseInterceptor(sending: Sending) {
  const { lib, lender } = sending.call
  const { refusals } = lender
  return {
    onFulfilled(response: AxiosResponse) {
      const answer = asTheCallers(response, sending)
      const refused = refusedBy(answer, refusals, lib)
      return refused === undefined ? answer : spotted({ response: answer }, refused)
    },
    onRejected(error: unknown) {
      const outcome = failedOutcome(error, sending)
      return spotted(outcome, refusedBy(outcome.response, refusals, lib))
    },
  }

  function spotted(
    outcome: Outcome,
    refused: ReturnType<typeof refusedBy>,
  ): AxiosResponse | Promise<AxiosResponse> {
    if (refused === undefined) return settled(outcome)
    if (typeof refused === 'number') return clearAndReplayOnce(sending, outcome, refused)
    return refused.then((errcode) => spotted(outcome, errcode))
  }
}

async function clearAndReplayOnce(
  { call, token, sentAtMs }: Sending,
  answer: Outcome,
  errcode: number,
): Promise<AxiosResponse> {
  const { lender, destination, body } = call
  const { endpoint } = destination
  const refused = { token, sentAtMs, endpoint, errcode, isBodyGone: body.isSentOnce }
  const replayed = await replayOnce<Outcome>(
    lender,
    { call: refused, answer },
    {
      freeConnection: ({ response }) => freeConnection(response),
      wait: (replacement) => waitLikeAxios(replacement, call),
      discard: ({ response }) => letGo(response?.data),
      send: (replacement) => {
        const sending = lateSendingOf(call, replacement)
        return attempt(sending).then(
          (response) => ({ response: asTheCallers(response, sending) }),
          (error) => failedOutcome(error, sending),
        )
      },
      refusedBy: ({ response }) => refusedBy(response, lender.refusals, call.lib),
    },
  )
  return settled(replayed)
}
