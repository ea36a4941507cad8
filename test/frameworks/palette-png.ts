import { crc32, deflateSync } from 'node:zlib'
import type { Page } from 'playwright-core'

interface Pixels {
  readonly width: number
  readonly height: number
  readonly base64: string
}

/** The same picture with 256 colours, as PNG: a third of the size, for the docs. */
export async function withPalette(tab: Page, png: Buffer): Promise<Buffer> {
  const url = `data:image/png;base64,${png.toString('base64')}`
  const blank = await tab.context().newPage()
  const { width, height, base64 } = await blank.evaluate<Pixels>(`(async () => {
    const image = new Image()
    image.src = ${JSON.stringify(url)}
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const pen = canvas.getContext('2d')
    pen.drawImage(image, 0, 0)
    const { data } = pen.getImageData(0, 0, image.width, image.height)
    let text = ''
    for (let i = 0; i < data.length; i += 30000) text += String.fromCharCode(...data.subarray(i, i + 30000))
    return { width: image.width, height: image.height, base64: btoa(text) }
  })()`)
  await blank.close()
  return encoded(width, height, Buffer.from(base64, 'base64'))
}

function encoded(width: number, height: number, rgba: Buffer): Buffer {
  const colours = Array.from({ length: width * height }, (_, i) => rgba.readUIntBE(i * 4, 3))
  const palette = commonest(colours)
  const indexOf = nearestIn(palette)
  // Each row begins with its filter: none.
  const rows = Buffer.alloc((width + 1) * height)
  for (const [i, colour] of colours.entries()) {
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = indexOf(colour)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const table = Buffer.concat(palette.map((colour) => Buffer.from(bytesOf(colour))))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', table),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The commonest 256 colours, of those that look alike only one. */
function commonest(colours: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const alike = new Set<string>()
  const distinct = [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([colour]) => colour)
    .filter((colour) => {
      const look = bytesOf(colour)
        .map((byte) => byte >> 3)
        .join()
      return !alike.has(look) && alike.add(look)
    })
  return distinct.slice(0, 256)
}

function nearestIn(palette: readonly number[]): (colour: number) => number {
  const known = new Map(palette.map((colour, index) => [colour, index]))
  return (colour) => {
    const found = known.get(colour)
    if (found !== undefined) return found
    const distances = palette.map((other) => distance(colour, other))
    const nearest = distances.indexOf(Math.min(...distances))
    known.set(colour, nearest)
    return nearest
  }
}

function distance(one: number, other: number): number {
  const others = bytesOf(other)
  return bytesOf(one).reduce((sum, byte, i) => sum + (byte - (others[i] ?? 0)) ** 2, 0)
}

function bytesOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255]
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
