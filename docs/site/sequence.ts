import type { Language } from './.vitepress/pages.js'

export type Words = Readonly<Record<Language, string>>

/** An arrow from one actor to another, or a note at one. Actors are named by their column. */
export interface Arrow {
  readonly from: number
  readonly to: number
  readonly text: Words
  /** An answer is dashed; a refusal is red; a gettoken is what the picture is about. */
  readonly look?: 'answer' | 'refusal' | 'gettoken'
}
export interface Note {
  readonly at: number
  readonly text: Words
}

export interface Sequence {
  readonly title: Words
  readonly actors: readonly Words[]
  /** From top to bottom; what happens at once stands in one row. */
  readonly rows: readonly (readonly (Arrow | Note)[])[]
}

const TOP = 64
const ROW = 46

/** Colours of a picture by itself: it is shown on light and on dark pages, and in a file by itself. */
const STYLE = `
:root { --back: #ffffff; --edge: #d9dee6; --line: #c3cad5; --text: #1d2129; --dim: #5f6672; --head: #eef2f8;
  --own: #2560c8; --own-soft: #e8effc; --good: #157347; --bad: #b42318 }
@media (prefers-color-scheme: dark) { :root { --back: #181b1f; --edge: #32383f; --line: #454d57; --text: #e7e9ec;
  --dim: #9aa2ad; --head: #23282e; --own: #8ab4ff; --own-soft: #1f2d47; --good: #6fcf97; --bad: #ff8f85 } }
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif;
  fill: var(--text); text-anchor: middle }
.back { fill: var(--back); stroke: var(--edge) }
.head { fill: var(--head); stroke: var(--edge) }
.own { fill: var(--own-soft); stroke: var(--own) }
.name { font-weight: 600 }
.life { stroke: var(--line); stroke-dasharray: 2 4 }
.label { paint-order: stroke; stroke: var(--back); stroke-width: 5px; stroke-linejoin: round }
.arrow { stroke: var(--dim); stroke-width: 1.5 } .tip { fill: var(--dim) }
.answer .arrow { stroke-dasharray: 6 4 }
.refusal .arrow { stroke: var(--bad); stroke-dasharray: 6 4 } .refusal .tip, .refusal .label { fill: var(--bad) }
.gettoken .arrow { stroke: var(--own); stroke-width: 2 } .gettoken .tip, .gettoken .label { fill: var(--own) }
.gettoken .label { font-weight: 600 }
`.trim()

/** The picture of a sequence: lifelines, arrows, notes. */
export function drawSequence({ title, actors, rows }: Sequence, language: Language): string {
  const gap = actors.length > 3 ? 210 : 270
  const width = gap * actors.length
  const height = TOP + rows.length * ROW + 22
  const x = (column: number) => gap * (column + 0.5)
  const lives = actors.map(
    (_, column) =>
      `<line class="life" x1="${x(column)}" x2="${x(column)}" y1="46" y2="${height - 12}"/>`,
  )
  const heads = actors.map((name, column) => {
    const look = name.en === 'qyapi-token' ? 'own' : 'head'
    return [
      `<rect class="${look}" x="${x(column) - 74}" y="14" width="148" height="32" rx="8"/>`,
      `<text class="name" x="${x(column)}" y="35">${escaped(name[language])}</text>`,
    ].join('')
  })
  const drawn = rows.flatMap((row, index) => {
    const y = TOP + index * ROW + 26
    return row.map((step) =>
      'at' in step ? drawNote(step, x(step.at), y, language) : drawArrow(step, x, y, language),
    )
  })
  return picture({ width, height, title: title[language], drawn: [...lives, ...heads, ...drawn] })
}

function drawArrow(
  { from, to, text, look }: Arrow,
  x: (column: number) => number,
  y: number,
  language: Language,
): string {
  const way = to > from ? 1 : -1
  const end = x(to) - way * 4
  const tip = `${end},${y} ${end - way * 9},${y - 4.5} ${end - way * 9},${y + 4.5}`
  return [
    `<g class="${look ?? 'call'}">`,
    `<line class="arrow" x1="${x(from)}" x2="${end - way * 6}" y1="${y}" y2="${y}"/>`,
    `<polygon class="tip" points="${tip}"/>`,
    `<text class="label" x="${(x(from) + x(to)) / 2}" y="${y - 8}">${escaped(text[language])}</text>`,
    '</g>',
  ].join('')
}

function drawNote({ text }: Note, x: number, y: number, language: Language): string {
  const width = widthOf(text[language]) + 32
  return [
    `<rect class="own" x="${x - width / 2}" y="${y - 22}" width="${width}" height="28" rx="14"/>`,
    `<text x="${x}" y="${y - 3}">${escaped(text[language])}</text>`,
  ].join('')
}

export function picture(of: {
  readonly width: number
  readonly height: number
  readonly title: string
  readonly drawn: readonly string[]
}): string {
  const { width, height, title, drawn } = of
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="back" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="12"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

/** About: a Chinese character is as wide as the font is high. */
const widthOf = (text: string) =>
  [...text].reduce((sum, letter) => sum + (letter > '\u2e80' ? 13 : 6.6), 0)

export const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
