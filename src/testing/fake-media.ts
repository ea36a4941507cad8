import { type FakeAnswer, type FakeRequest, okAnswer } from './fake-answers.js'

/** One file that was uploaded, as its request had it. */
export interface Upload {
  readonly contentType: string
  readonly body: Uint8Array
}

const KEPT = 100
const KEPT_BYTES = 50_000_000

/** What was uploaded last, by media_id. The same body has the same id. */
export function fakeMedia() {
  const uploads = new Map<string, Upload>()

  function idOf({ body }: Upload): string {
    for (let count = 1; ; count += 1) {
      const id = `fake-media-${body.length}${count === 1 ? '' : `-${count}`}`
      const known = uploads.get(id)
      if (known === undefined || Buffer.compare(known.body, body) === 0) return id
    }
  }

  function add(upload: Upload): string {
    const id = idOf(upload)
    uploads.set(id, upload)
    for (const oldest of uploads.keys()) {
      if (uploads.size <= KEPT && bytes() <= KEPT_BYTES) break
      uploads.delete(oldest)
    }
    return id
  }

  const bytes = () => [...uploads.values()].reduce((sum, { body }) => sum + body.length, 0)

  return {
    add,
    get: (id: string): Upload | undefined => uploads.get(id),
    answer({ headers, query, body }: FakeRequest): FakeAnswer {
      const media_id = add({ contentType: String(headers['content-type'] ?? ''), body })
      const type = query.get('type') ?? 'file'
      return okAnswer({ errmsg: '', type, media_id, created_at: '1744000000' })
    },
  }
}
