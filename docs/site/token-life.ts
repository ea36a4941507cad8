import type { Language } from './.vitepress/pages.js'
import { escaped, picture, type Words } from './sequence.js'

/** The picture is not to scale: the last minutes are what matters. */
const PARTS: readonly { from: number; to: number; look: string; name: Words; what: Words }[] = [
  {
    from: 40,
    to: 400,
    look: 'own',
    name: { en: 'handed out at once', zh: '立即可用' },
    what: { en: 'no token request', zh: '不发 token 请求' },
  },
  {
    from: 400,
    to: 600,
    look: 'good',
    name: { en: 'refreshed ahead', zh: '提前刷新' },
    what: { en: 'handed out at once, one refresh behind it', zh: '照常立即可用，后台刷新一次' },
  },
  {
    from: 600,
    to: 770,
    look: 'head',
    name: { en: 'only in an outage', zh: '仅在故障时' },
    what: { en: 'handed out if gettoken fails', zh: 'gettoken 失败时继续使用' },
  },
]

const MOMENTS: readonly (readonly [x: number, Words])[] = [
  [40, { en: 'gettoken', zh: 'gettoken' }],
  [400, { en: '6700 s', zh: '6700 秒' }],
  [600, { en: '7000 s', zh: '7000 秒' }],
  [770, { en: '7200 s', zh: '7200 秒' }],
]

/** From the token request to the end of what WeCom grants. */
export function drawTokenLife(language: Language): string {
  const parts = PARTS.map(({ from, to, look, name, what }) => {
    const middle = (from + to) / 2
    return [
      `<rect class="${look}" x="${from}" y="52" width="${to - from}" height="42"/>`,
      `<text class="name" x="${middle}" y="78">${escaped(name[language])}</text>`,
      `<text class="small" x="${middle}" y="${look === 'good' ? 140 : 118}">${escaped(what[language])}</text>`,
    ].join('')
  })
  const moments = MOMENTS.map(
    ([x, name]) =>
      `<line class="moment" x1="${x}" x2="${x}" y1="42" y2="104"/><text class="small" x="${x}" y="32">${escaped(name[language])}</text>`,
  )
  const style =
    '<style>.good { fill: none; stroke: var(--good); stroke-width: 2 } .small { font-size: 12px; fill: var(--dim) } .moment { stroke: var(--dim) }</style>'
  const title = { en: "A token's life", zh: 'token 的有效期' }[language]
  return picture({ width: 810, height: 160, title, drawn: [style, ...parts, ...moments] })
}
