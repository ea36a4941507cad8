// A message, one more with the token revoked, then twenty at once with it revoked again.
export async function sendThroughRevocations(wecom, send) {
  await step('a message', 1)
  wecom.revoke()
  await step('the token revoked, one more', 1)
  wecom.revoke()
  await step('revoked again, 20 at once', 20)

  async function step(title, count) {
    const before = wecom.count('gettoken')
    const texts = Array.from({ length: count }, (_, index) => `message ${index}`)
    const sent = (await Promise.all(texts.map(send))).filter((isSent) => isSent === true)
    const fetches = wecom.count('gettoken') - before
    console.log(`${title}: ${sent.length} of ${count} sent, ${fetches} gettoken`)
  }
}
