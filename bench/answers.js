/** What WeCom answers in the benchmarks. */

/** As long as the real ones. */
export const TOKEN = 'token_'.padEnd(214, 'x0_-')

export const TOKEN_ANSWER = tokenAnswer(TOKEN)

/** user/get's answer, in short. */
export const BODY = JSON.stringify({
  errcode: 0,
  errmsg: 'ok',
  userid: 'zhangsan',
  name: '张三',
  department: [1, 2],
  position: '后台工程师',
})

export function tokenAnswer(/** @type {string} */ token) {
  return JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: token, expires_in: 7200 })
}
