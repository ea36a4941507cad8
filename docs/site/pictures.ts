import type { Language } from './.vitepress/pages.js'
import { drawSequence, type Sequence } from './sequence.js'
import { drawTokenLife } from './token-life.js'

const YOU = { en: 'your calls', zh: '你的调用' }
const OURS = { en: 'qyapi-token', zh: 'qyapi-token' }
const WECOM = { en: 'WeCom', zh: '企业微信' }

const ONE_GETTOKEN: Sequence = {
  title: { en: 'A hundred calls wait for one gettoken', zh: '一百个调用只等待一次 gettoken' },
  actors: [YOU, OURS, WECOM],
  rows: [
    [{ from: 0, to: 1, text: { en: 'call 1', zh: '第 1 个调用' } }],
    [
      {
        from: 1,
        to: 2,
        text: { en: 'gettoken, the only one', zh: 'gettoken，唯一一次' },
        look: 'gettoken',
      },
    ],
    [
      {
        from: 0,
        to: 1,
        text: { en: 'calls 2 to 100 wait for it, too', zh: '第 2 到 100 个也等它' },
      },
    ],
    [{ from: 2, to: 1, text: { en: 'a token, 7200 s', zh: 'token，7200 秒' }, look: 'answer' }],
    [{ at: 1, text: { en: 'memoized for 7000 s', zh: '缓存 7000 秒' } }],
    [
      {
        from: 1,
        to: 2,
        text: { en: '100 calls, each with the token', zh: '100 个调用，都带着 token' },
      },
    ],
    [{ from: 2, to: 0, text: { en: '100 answers', zh: '100 个响应' }, look: 'answer' }],
    [
      {
        from: 0,
        to: 2,
        text: {
          en: 'call 101: the token is there, so it is sent at once',
          zh: '第 101 个：已有 token，立即发送',
        },
      },
    ],
  ],
}

const REFUSED: Sequence = {
  title: {
    en: 'A refused token is cleared, and the request is replayed once',
    zh: 'token 被拒绝：清除，换新的，重放一次',
  },
  actors: [{ en: 'your call', zh: '你的调用' }, OURS, WECOM],
  rows: [
    [{ from: 0, to: 1, text: { en: 'a call', zh: '调用' } }],
    [{ from: 1, to: 2, text: { en: 'the call, with token 7', zh: '带着 7 号 token 发送' } }],
    [
      {
        from: 2,
        to: 1,
        text: { en: '42001: token 7 is no longer valid', zh: '42001：7 号 token 已失效' },
        look: 'refusal',
      },
    ],
    [{ at: 1, text: { en: 'no newer one here: clear token 7', zh: '没有更新的：清除 7 号' } }],
    [{ from: 1, to: 2, text: { en: 'gettoken', zh: 'gettoken' }, look: 'gettoken' }],
    [{ from: 2, to: 1, text: { en: 'token 8', zh: '8 号 token' }, look: 'answer' }],
    [
      {
        from: 1,
        to: 2,
        text: { en: 'the same call, once more, with token 8', zh: '同一个请求，换 8 号重放一次' },
      },
    ],
    [{ from: 2, to: 1, text: { en: 'errcode 0', zh: 'errcode 0' }, look: 'answer' }],
    [{ from: 1, to: 0, text: { en: 'the answer', zh: '响应' }, look: 'answer' }],
  ],
}

const NEWER = { en: 'newer than 7?', zh: '有比 7 号新的吗？' }
const LEASE = { en: 'may I fetch it?', zh: '能由我获取吗？' }
const REFUSAL = { en: '42001 for token 7', zh: '7 号 token：42001' }
const REPLAY = { en: 'replay the call', zh: '重放调用' }

const PROCESSES: Sequence = {
  title: { en: 'Two processes, one gettoken', zh: '两个进程，一次 gettoken' },
  actors: [
    WECOM,
    { en: 'process A', zh: '进程 A' },
    { en: 'Redis', zh: 'Redis' },
    { en: 'process B', zh: '进程 B' },
  ],
  rows: [
    [
      { at: 1, text: REFUSAL },
      { at: 3, text: REFUSAL },
    ],
    [
      { from: 1, to: 2, text: NEWER },
      { from: 3, to: 2, text: NEWER },
    ],
    [
      { from: 2, to: 1, text: { en: 'no: 7 is deleted', zh: '没有，删除 7 号' }, look: 'answer' },
      { from: 2, to: 3, text: { en: 'no', zh: '没有' }, look: 'answer' },
    ],
    [
      { from: 1, to: 2, text: LEASE },
      { from: 3, to: 2, text: LEASE },
    ],
    [
      {
        from: 2,
        to: 1,
        text: { en: 'the lease, number 8', zh: '给你租约，序号 8' },
        look: 'answer',
      },
      {
        from: 2,
        to: 3,
        text: { en: 'not now, look again', zh: '暂时不行，稍后再看' },
        look: 'answer',
      },
    ],
    [
      {
        from: 1,
        to: 0,
        text: { en: 'gettoken, the only one', zh: 'gettoken，唯一一次' },
        look: 'gettoken',
      },
      { at: 3, text: { en: 'every 50 to 150 ms', zh: '每 50 到 150 毫秒一次' } },
    ],
    [{ from: 0, to: 1, text: { en: 'a token', zh: 'token' }, look: 'answer' }],
    [{ from: 1, to: 2, text: { en: 'publish 8, end the lease', zh: '发布 8 号，释放租约' } }],
    [{ from: 2, to: 3, text: { en: 'token 8', zh: '8 号 token' }, look: 'answer' }],
    [
      { at: 1, text: REPLAY },
      { at: 3, text: REPLAY },
    ],
  ],
}

/** The pictures of docs/images, by file. */
export const PICTURES: Readonly<Record<string, (language: Language) => string>> = {
  'one-gettoken': (language) => drawSequence(ONE_GETTOKEN, language),
  'refused-token': (language) => drawSequence(REFUSED, language),
  'many-processes': (language) => drawSequence(PROCESSES, language),
  'token-life': drawTokenLife,
}
