import type { AxiosResponse } from 'axios'
import { discardBody } from '../request/peek-node-stream.js'
import { replayOnce } from '../token/replay.js'
import { callersResponse, failed } from './redact-answer.js'
import { freeConnection, type Outcome, refusedBy, settled } from './refusal.js'
import { type Attempt, lateAttemptOf } from './request.js'
import { attempt, waitLikeAxios } from './timeout.js'

/** Sends a call with its token; what comes is the caller's answer, after a replay if it was refused. */
export function sendAndJudge(sending: Attempt): Promise<AxiosResponse> {
  const { onFulfilled, onRejected } = responseInterceptor(sending)
  return attempt(sending).then(onFulfilled, onRejected)
}

/** Spots a token-invalid errcode, clears that token and replays the request once. */
function responseInterceptor(sending: Attempt) {
  const { lib, policy } = sending.call
  const { errcodes: refusals } = policy
  return {
    onFulfilled(response: AxiosResponse) {
      const answer = callersResponse(response, sending)
      const refused = refusedBy(answer, refusals, lib)
      return refused === undefined ? answer : spotted({ response: answer }, refused)
    },
    onRejected(error: unknown) {
      const outcome = failed(error, sending)
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
  { call, token, sentAtMs }: Attempt,
  answer: Outcome,
  errcode: number,
): Promise<AxiosResponse> {
  const { policy, destination, body } = call
  const { endpoint } = destination
  const refused = { token, sentAtMs, endpoint, errcode, isBodyGone: body.isSentOnce }
  const replayed = await replayOnce<Outcome>(
    policy,
    { call: refused, answer },
    {
      freeConnection: ({ response }) => freeConnection(response),
      wait: (replacement) => waitLikeAxios(replacement, call),
      discard: ({ response }) => discardBody(response?.data),
      send: (replacement) => {
        const sending = lateAttemptOf(call, replacement)
        return attempt(sending).then(
          (response) => ({ response: callersResponse(response, sending) }),
          (error) => failed(error, sending),
        )
      },
      refusedBy: ({ response }) => refusedBy(response, policy.errcodes, call.lib),
    },
  )
  return settled(replayed)
}
