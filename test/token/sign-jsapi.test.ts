import { expect, it, vi } from 'vitest'
import { signJsapi } from '../../src/index.js'

/** 示例, document/path/90506 */
const EXAMPLE = {
  ticket: 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
  nonce: 'Wm3WZYTPz0wzccnW',
  timestamp: 1414587457,
  url: 'http://mp.weixin.qq.com?params=value',
}

it('signJsapi signs the official example as WeCom does', async () => {
  expect(await signJsapi(EXAMPLE)).toEqual({
    timestamp: 1414587457,
    nonceStr: 'Wm3WZYTPz0wzccnW',
    signature: '0f9de62fce790f9a083d5c99e95740ceb90c27ed',
  })
})

it('signJsapi ignores the part of the url after the #', async () => {
  const { signature } = await signJsapi({ ...EXAMPLE, url: `${EXAMPLE.url}#/chat` })
  expect(signature).toBe('0f9de62fce790f9a083d5c99e95740ceb90c27ed')
})

it('signJsapi defaults to the current time and an unpredictable nonce', async () => {
  const { ticket, url } = EXAMPLE
  vi.spyOn(Date, 'now').mockReturnValue(1_700_000_000_999)
  const signed = await Promise.all([signJsapi({ ticket, url }), signJsapi({ ticket, url })])
  const [one, other] = signed
  vi.restoreAllMocks()
  expect(one?.timestamp).toBe(1_700_000_000)
  expect(one?.nonceStr).toMatch(/^[0-9a-f]{32}$/)
  expect(one?.nonceStr).not.toBe(other?.nonceStr)
})

it.each([
  [{ ticket: '' }, "ticket must be a ticket, a non-empty string, got ''"],
  [{ ticket: 42 }, 'a non-empty string, got something of type number (not shown).'],
  [{ url: undefined }, "url must be the page's address, got undefined"],
  [{ nonce: '' }, 'nonce must be a non-empty string'],
  [{ timestamp: 1.5 }, 'timestamp must be whole seconds, got 1.5'],
  [{ nonceStr: 'x' }, "Unknown key 'nonceStr' in signJsapi"],
])('signJsapi refuses %o', async (wrong, message) => {
  await expect(signJsapi({ ...EXAMPLE, ...wrong } as never)).rejects.toThrow(message)
})
