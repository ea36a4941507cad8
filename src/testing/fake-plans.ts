import { errorAnswer, type FakeAnswer, type NextAnswer } from './fake-answers.js'

/** The answers that `failNext` planned, in order, by path. */
export function plannedAnswers() {
  const planned = new Map<string, NextAnswer[]>()

  return {
    /** The planned answer to this request; `'*'` does not apply to token requests. */
    next(path: string, isTokenCall: boolean): NextAnswer {
      const own = planned.get(path)?.shift()
      return own ?? (isTokenCall ? undefined : planned.get('*')?.shift()) ?? {}
    },
    failNext(path: string, answer: NextAnswer, times = 1): void {
      const queue = planned.get(path) ?? []
      for (let added = 0; added < times; added += 1) queue.push(answer)
      planned.set(path, queue)
    },
    recover(path?: string): void {
      if (path === undefined) planned.clear()
      else planned.delete(path)
    },
  }
}

/** The answer to a request, with what was planned for it. */
export function instead(
  answer: FakeAnswer,
  { errcode, status, body, headers = {} }: NextAnswer,
): FakeAnswer {
  if (errcode !== undefined) return { ...errorAnswer(errcode), ...(status && { status }), headers }
  if (body !== undefined) return { status: status ?? 200, body, headers }
  if (status !== undefined) return { status, body: '', headers }
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
