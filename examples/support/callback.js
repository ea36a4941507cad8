// What WeCom sends to a callback address, 加解密方案说明, document/path/90968.
import { timingSafeEqual } from 'node:crypto'
import { decrypt, getSignature } from '@wecom/crypto'

/** Opens what is signed by WeCom and meant for `receiver`: verified first, decrypted second. */
export function openCallback({ token, encodingAESKey }, receiver, query, encrypted) {
  const { msg_signature: given = '', timestamp = '', nonce = '' } = Object.fromEntries(query)
  if (!isSame(getSignature(token, timestamp, nonce, encrypted), given)) throw forbidden()
  const { message, id } = decrypt(encodingAESKey, encrypted)
  if (id !== receiver) throw forbidden()
  return message
}

/** The text of `<Name>…</Name>` or `<Name><![CDATA[…]]></Name>`: ids, numbers, tickets, base64. */
export function field(xml, name) {
  const [, text = ''] = new RegExp(`<${name}>\\s*(?:<!\\[CDATA\\[)?([^\\]<]*)`).exec(xml) ?? []
  return text.trim()
}

/** The address is public, so it reads no more than the length of a callback. */
export async function bodyOf(request, limit = 65_536) {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > limit) throw forbidden()
  }
  return body
}

function isSame(wanted, given) {
  const [one, other] = [Buffer.from(wanted), Buffer.from(given)]
  return one.length === other.length && timingSafeEqual(one, other)
}

function forbidden() {
  return Object.assign(new Error('not from WeCom, or not for us'), { status: 403 })
}
