/** What every hand-written glue needs to know of WeCom: refusals come as HTTP 200 with an errcode. */
const REFUSED = new Set([40014, 41001, 42001])

/** @param {{ errcode?: number } | undefined} answer */
export function isRefused(answer) {
  return answer?.errcode !== undefined && REFUSED.has(answer.errcode)
}

/**
 * The same address with the token in it.
 * @param {string} url
 * @param {string} token
 */
export function withToken(url, token) {
  return `${url}${url.includes('?') ? '&' : '?'}access_token=${token}`
}
