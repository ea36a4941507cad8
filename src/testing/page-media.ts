import type { Upload } from './fake-media.js'

/** A file as a browser may show it. */
export interface PageFile {
  readonly name: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** By their first bytes, whatever the upload called them. Nothing else is shown: SVG may hold scripts. */
const SHOWN: readonly (readonly [type: string, starts: RegExp])[] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF....WEBP/s],
  ['audio/amr', /^#!AMR/],
  ['video/mp4', /^....ftyp/s],
]

/** The file in an upload: of a form its first file, otherwise the whole body. */
export function fileOf(upload: Upload): PageFile {
  const { name, bytes } = firstPart(upload) ?? { name: 'file', bytes: upload.body }
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const [contentType = 'application/octet-stream'] =
    SHOWN.find(([, starts]) => starts.test(start)) ?? []
  return { name, contentType, bytes }
}

/** RFC 7578: the headers of a part end with an empty line, the part before the next boundary. */
function firstPart({ contentType, body }: Upload) {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return undefined
  const bytes = Buffer.from(body)
  const named = bytes.indexOf('filename')
  const begin = bytes.indexOf('\r\n\r\n', named)
  const end = bytes.indexOf(`\r\n--${boundary}`, begin)
  if (named < 0 || begin < 0 || end < 0) return undefined
  const headers = bytes.subarray(named, begin).toString()
  const [, name = 'file'] = /filename="([^"\r\n]*)"/.exec(headers) ?? []
  return { name, bytes: bytes.subarray(begin + 4, end) }
}
