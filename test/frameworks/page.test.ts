import { stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { drawnPicture, expectShown, openDesk, send, upload, useBrowser } from './desk.js'
import { CARDS, MESSAGES, scene, sendCard } from './desk-messages.js'
import { withPalette } from './palette-png.js'

const browser = useBrowser()

describe('the page of the fake WeCom in Chromium', () => {
  it.each(MESSAGES)('a message of the kind %s is shown', async (kind, content, shown) => {
    const { client, tab, wrong } = await openDesk(await browser())
    await send(client, kind, content)
    const message = tab.locator(`.message[data-type="${kind}"]`)
    await expectShown(message, [...shown, 'App 1000002'])
    expect(wrong).toEqual([])
  })

  it.each(CARDS)('a template card of the kind %s is shown', async (kind, card, shown) => {
    const { client, tab, wrong } = await openDesk(await browser())
    await sendCard(client, kind, card)
    const message = tab.locator(`.template[data-card="${kind}"]`)
    await expectShown(message, shown)
    expect(wrong).toEqual([])
  })

  it('uploaded images and files are shown, in messages of apps and of group robots', async () => {
    const { client, tab } = await openDesk(await browser())
    const picture = await drawnPicture(tab)
    const media_id = await upload(client, 'hills.png', picture)
    const report = await upload(client, 'report.pdf', new Uint8Array([37, 80, 68, 70]))
    await send(client, 'image', { media_id })
    await send(client, 'mpnews', {
      articles: [{ title: '图文', thumb_media_id: media_id, content: 'x' }],
    })
    await send(client, 'file', { media_id: report })
    await send(client, 'video', { media_id: report, title: '片名' })
    await send(client, 'voice', { media_id: report })
    const base64 = Buffer.from(picture).toString('base64')
    await client.post('/webhook/send?key=robot', { msgtype: 'image', image: { base64, md5: '' } })
    await tab.locator('.message').nth(5).waitFor()
    await expect.poll(() => tab.locator('.message img').count()).toBe(3)
    // Each is lazy until it is near.
    const widths = await tab.locator('.message img').evaluateAll(async (images) => {
      const of = async (image: unknown) => {
        const shown = image as { decode(): Promise<void>; naturalWidth: number; loading: string }
        shown.loading = 'eager'
        await shown.decode()
        return shown.naturalWidth
      }
      return Promise.all(images.map(of))
    })
    expect(widths).toEqual([360, 360, 360])
    const texts = ['report.pdf', 'File', 'Voice message', '片名', 'Group robot 1']
    await expectShown(tab.locator('#message-list'), texts)
  })

  it('receivers are named: members, departments, tags, everyone, and those whom a robot mentions', async () => {
    const { client, tab } = await openDesk(await browser())
    await send(
      client,
      'text',
      { content: 'a' },
      { touser: 'a|b', toparty: '2', totag: '3', safe: 1 },
    )
    await send(client, 'text', { content: 'b' }, { touser: '@all' })
    const text = { content: 'c', mentioned_list: ['wangqing', '@all'] }
    await client.post('/webhook/send?key=robot', { msgtype: 'text', text })
    await tab.locator('.message').nth(2).waitFor()
    const receivers = ['to a, b, department 2, tag 3', 'confidential', '@all (everyone)']
    await expectShown(tab.locator('#message-list'), [...receivers, /c\s+@wangqing\s+@all/])
  })

  it('HTML in a message is text, and a link leads to http and https only', async () => {
    const { client, tab, wrong, requested } = await openDesk(await browser())
    const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    const link = '<a href="javascript:document.title=3">go</a> [md](javascript:document.title=4)'
    await send(client, 'text', { content: evil + link }, { touser: evil })
    await send(client, 'markdown', { content: `${evil}${link}<font color="info">${evil}</font>` })
    await send(client, 'textcard', {
      title: evil,
      description: `<div class="gray">${evil}</div>`,
      url: 'javascript:1',
    })
    await send(client, 'news', {
      articles: [{ title: evil, description: evil, url: 'data:text/html,x', picurl: evil }],
    })
    await sendCard(client, 'text_notice', {
      main_title: { title: evil },
      card_action: { url: 'javascript:1' },
    })
    await send(client, evil, { content: evil })
    await tab.locator('.message').nth(5).waitFor()
    expect(await tab.locator('#message-list script, #message-list img').count()).toBe(0)
    expect(await tab.locator('#message-list a').count()).toBe(0)
    await expectShown(tab.locator('.message').last(), [evil])
    expect(await tab.title()).toBe('A WeCom on your desk')
    expect(wrong).toEqual([])
    expect(requested.filter((url) => url.endsWith('/x'))).toEqual([])
  })

  it('pressing Revoke all tokens ends them: the next call is refused once, replaced and replayed', async () => {
    const { client, tab, wecom } = await openDesk(await browser())
    await send(client, 'text', { content: 'before' })
    await tab.getByRole('button', { name: 'Revoke all tokens' }).click()
    await expectShown(tab.locator('#owners'), ['revoked'])
    const { data } = await send(client, 'text', { content: 'after the revocation' })
    expect(data.errcode).toBe(0)
    await expectShown(tab.locator('#message-list'), ['after the revocation'])
    await expect
      .poll(() => tab.locator('.call .outcome').allInnerTexts())
      .toEqual(['0', '0', '40014', '0', '0'])
    expect(wecom.count('gettoken')).toBe(2)
    await expectShown(tab.locator('#owners .life').first(), [/^[12]:\d\d:\d\d$/])
  })

  it('the keyboard alone revokes the tokens of one app, and sees where it is', async () => {
    const { client, tab, wecom } = await openDesk(await browser())
    await send(client, 'text', { content: 'x' })
    await tab.getByRole('button', { name: 'Revoke: ww-fake' }).waitFor()
    const focused = () =>
      tab.evaluate<{ name: string; outline: string }>(
        `({ name: document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent,
            outline: getComputedStyle(document.activeElement).outlineStyle })`,
      )
    let seen = await focused()
    for (let presses = 0; presses < 20 && seen.name !== 'Revoke: ww-fake'; presses += 1) {
      await tab.keyboard.press('Tab')
      seen = await focused()
    }
    expect(seen).toEqual({ name: 'Revoke: ww-fake', outline: 'solid' })
    await tab.keyboard.press('Enter')
    await expectShown(tab.locator('#owners'), ['revoked'])
    // The list was made anew, and the focus is where it was.
    expect((await focused()).name).toBe('Revoke: ww-fake')
    await send(client, 'text', { content: 'x' })
    expect(wecom.count('gettoken')).toBe(2)
  })

  it('the buttons let calls fail: the next ones of a path, all by a blocked IP, and none after', async () => {
    const { client, tab } = await openDesk(await browser())
    const user = async () => (await client.get('/user/get?userid=x')).data.errcode
    await tab.getByLabel('Path').fill('user/get')
    await tab.getByLabel('Value').fill('45009')
    await tab.getByRole('button', { name: 'Fail them' }).click()
    await expectShown(tab.locator('.planned'), ['user/get 45009 × 1'])
    expect([await user(), await user()]).toEqual([45009, 0])
    const block = tab.getByRole('button', { name: /^Block the IP/ })
    await block.click()
    await expect.poll(() => block.getAttribute('aria-pressed')).toBe('true')
    expect(await user()).toBe(60020)
    await block.click()
    await expect.poll(() => block.getAttribute('aria-pressed')).toBe('false')
    expect(await user()).toBe(0)
  })

  it('a call shows what was sent and answered once it is opened, without the token', async () => {
    const { client, tab } = await openDesk(await browser())
    await client.get('/user/get?userid=zhangsan')
    await tab.locator('.call summary').first().click()
    const details = tab.locator('.call').first()
    await expectShown(details, ['"userid": "zhangsan"', 'access_token=••••••'])
  })

  it('a page that lost its server reconnects and shows what it missed', async () => {
    const { address, client, tab, wecom } = await openDesk(await browser())
    await send(client, 'text', { content: 'before' })
    await tab.locator('.message').waitFor()
    await wecom.close()
    await tab.locator('.live[data-live="waiting"]').waitFor()
    await wecom.listen(Number(new URL(address).port))
    await send(client, 'text', { content: 'meanwhile' })
    await expectShown(tab.locator('#message-list'), ['meanwhile'])
    expect(await tab.locator('.message').count()).toBe(2)
  })

  it('nothing is requested from another host, whatever the messages name', async () => {
    const { address, client, tab, requested } = await openDesk(await browser())
    for (const [kind, content] of MESSAGES) await send(client, kind, content)
    for (const [kind, card] of CARDS) await sendCard(client, kind, card)
    await tab
      .locator('.message')
      .nth(MESSAGES.length + CARDS.length - 1)
      .waitFor()
    await tab.locator('.message').last().scrollIntoViewIfNeeded()
    expect(requested.length).toBeGreaterThan(8)
    expect(requested.filter((url) => !url.startsWith(address))).toEqual([])
  })

  it('the page holds some of a thousand messages, and more as the reader scrolls down', async () => {
    const { client, tab } = await openDesk(await browser())
    for (let from = 0; from < 1100; from += 20) {
      const batch = Array.from({ length: 20 }, (_, i) =>
        send(client, 'text', { content: `number ${from + i}.` }),
      )
      await Promise.all(batch)
    }
    await expect.poll(() => tab.locator('#message-count').innerText()).toBe('1000')
    const list = tab.locator('#message-list')
    const nodes = () => tab.evaluate<number>('document.querySelectorAll("*").length')
    expect(await tab.locator('.message').count()).toBeLessThanOrEqual(120)
    expect(await nodes()).toBeLessThan(4000)
    const toEnd = 'document.querySelector("#message-list").scrollTo(0, 1e9)'
    await expect
      .poll(async () => {
        await tab.evaluate(toEnd)
        return tab.locator('.message').count()
      })
      .toBe(1000)
    // Not innerText, which leaves out what is scrolled away.
    expect(await list.textContent()).not.toContain('number 12.')
    await tab.evaluate('document.querySelector("#message-list").scrollTo(0, 0)')
    await expect.poll(() => tab.locator('.message').count()).toBeLessThanOrEqual(120)
  })

  it('the page speaks Chinese in a Chinese browser, and the other language at a switch', async () => {
    const { client, tab } = await openDesk(await browser({ locale: 'zh-CN' }))
    await send(client, 'text', { content: 'x' })
    await tab.getByRole('button', { name: '吊销全部 token' }).waitFor()
    expect(await tab.title()).toBe('桌上的企业微信')
    expect(await tab.locator('html').getAttribute('lang')).toBe('zh-CN')
    await tab.getByRole('button', { name: 'Switch to English' }).click()
    await tab.getByRole('button', { name: 'Revoke all tokens' }).waitFor()
    await tab.reload()
    await tab.getByRole('button', { name: '切换到中文' }).click()
    await tab.getByRole('button', { name: '吊销全部 token' }).waitFor()
  })

  it('every landmark and field has a name, and each part its heading', async () => {
    const { tab } = await openDesk(await browser())
    for (const name of ['Apps and tokens', 'Messages', 'Calls']) {
      expect(await tab.getByRole('region', { name }).count()).toBe(1)
      expect(await tab.getByRole('heading', { name: new RegExp(`^${name}`) }).count()).toBe(1)
    }
    expect(await tab.getByRole('main').count()).toBe(1)
    for (const name of ['Path', 'How', 'delay, ms'])
      expect(await tab.getByRole('combobox', { name, exact: true }).count()).toBe(1)
    for (const name of ['Value', 'Times'])
      expect(await tab.getByRole('spinbutton', { name, exact: true }).count()).toBe(1)
  })

  it.runIf(process.env.SCREENSHOTS === '1').each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['chinese', { colorScheme: 'light', locale: 'zh-CN' }],
  ] as const)('the docs have a screenshot of the page: %s', async (name, options) => {
    const viewport = { width: 1280, height: 800 }
    const { client, tab, wecom } = await openDesk(await browser({ ...options, viewport }))
    await scene(client, wecom, await drawnPicture(tab))
    await tab.locator('.message').nth(4).waitFor()
    await tab.locator('.message img').first().evaluate('(image) => image.decode()')
    const path = fileURLToPath(new URL(`../../docs/images/fake-${name}.png`, import.meta.url))
    const screenshot = await tab.screenshot({ animations: 'disabled' })
    await writeFile(path, await withPalette(tab, screenshot))
    expect((await stat(path)).size).toBeLessThan(120_000)
  })
})
