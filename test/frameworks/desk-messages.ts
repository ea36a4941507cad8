import type { AxiosInstance } from 'axios'
import type { FakeQyapi } from '../../src/testing.js'
import { send, upload } from './desk.js'

const URL = 'https://work.weixin.qq.com/'

/** Messages after the samples of 发送应用消息 (document/path/90236), each with what the page must show. */
export const MESSAGES: readonly (readonly [
  kind: string,
  content: object,
  shown: readonly string[],
])[] = [
  [
    'text',
    {
      content: `你的快递已到，请携带工卡前往邮件中心领取。\n出发前可查看<a href="${URL}">邮件中心视频实况</a>，聪明避开排队。`,
    },
    ['你的快递已到', '邮件中心视频实况'],
  ],
  [
    'markdown',
    {
      content: [
        '## 会议室已预定，稍后会同步到`邮箱`',
        '>**事项详情**',
        '>事　项：<font color="info">开会</font>',
        '>会议室：<font color="info">广州 TIT 1 楼 301</font>',
        '>日　期：<font color="warning">5 月 18 日</font>',
        '>时　间：<font color="comment">上午 9:00-11:00</font>',
        '',
        `如需修改，请点击：[修改会议信息](${URL})`,
      ].join('\n'),
    },
    ['会议室已预定，稍后会同步到邮箱', '事项详情', '广州 TIT 1 楼 301', '修改会议信息'],
  ],
  [
    'textcard',
    {
      title: '领奖通知',
      description:
        '<div class="gray">9 月 26 日</div><div class="normal">恭喜你抽中手机一台</div><div class="highlight">请于 10 月 10 日前领取</div>',
      url: URL,
      btntxt: '更多',
    },
    ['领奖通知', '恭喜你抽中手机一台', '更多'],
  ],
  [
    'news',
    {
      articles: [
        { title: '中秋节礼品领取', url: URL, picurl: 'http://pictures.example/one.png' },
        { title: '团建报名', url: URL, picurl: 'http://pictures.example/two.png' },
      ],
    },
    ['中秋节礼品领取', '团建报名', 'Image from elsewhere'],
  ],
  [
    'miniprogram_notice',
    {
      title: '会议室预订成功',
      description: '4 月 27 日',
      content_item: [{ key: '会议室', value: '402' }],
    },
    ['会议室预订成功', '402'],
  ],
  ['unheard_of', { anything: '<b>原样</b>' }, ['"anything": "<b>原样</b>"']],
]

const SOURCE = { desc: '企业微信', desc_color: 1 }

/** Template cards after document/path/90236, by card_type. */
export const CARDS: readonly (readonly [kind: string, card: object, shown: readonly string[]])[] = [
  [
    'text_notice',
    {
      source: SOURCE,
      main_title: { title: '欢迎使用企业微信', desc: '您的好友正在邀请您加入' },
      emphasis_content: { title: '100', desc: '核心数据' },
      quote_area: { type: 1, url: URL, title: '引用标题', quote_text: '企业微信真好用' },
      sub_title_text: '下载企业微信还能抢红包！',
      horizontal_content_list: [
        { keyname: '邀请人', value: '张三' },
        { type: 1, keyname: '官网', value: '点击访问', url: URL },
      ],
      jump_list: [{ type: 1, title: '企业微信官网', url: URL }],
      card_action: { type: 1, url: URL },
    },
    ['欢迎使用企业微信', '100', '引用标题', '抢红包', '点击访问', '企业微信官网'],
  ],
  [
    'news_notice',
    {
      main_title: { title: '新品发布会' },
      card_image: { url: 'http://pictures.example/card.png', aspect_ratio: 1.3 },
      image_text_area: {
        title: '图文标题',
        desc: '图文描述',
        image_url: 'http://pictures.example/x.png',
      },
      vertical_content_list: [{ title: '惊喜红包等你来拿', desc: '下载企业微信' }],
    },
    ['新品发布会', '图文标题', '惊喜红包等你来拿'],
  ],
  [
    'button_interaction',
    {
      source: { desc: '审批' },
      main_title: { title: '张三的请假申请', desc: '10 月 8 日至 9 日，共 2 天' },
      horizontal_content_list: [{ keyname: '申请人', value: '张三', type: 3, userid: 'zhangsan' }],
      button_selection: {
        question_key: 'q',
        title: '处理方式',
        option_list: [{ id: '1', text: '立即处理' }],
      },
      button_list: [
        { text: '同意', style: 1, key: 'yes' },
        { text: '驳回', style: 2, key: 'no' },
      ],
    },
    ['张三的请假申请', '@张三', '立即处理', '同意', '驳回'],
  ],
  [
    'vote_interaction',
    {
      main_title: { title: '午餐吃什么', desc: '可多选' },
      checkbox: {
        question_key: 'q',
        mode: 1,
        option_list: [
          { id: '1', text: '面条', is_checked: true },
          { id: '2', text: '饺子' },
        ],
      },
      submit_button: { text: '投票', key: 'vote' },
    },
    ['午餐吃什么', '面条', '饺子', '投票'],
  ],
  [
    'multiple_interaction',
    {
      main_title: { title: '请选择班次' },
      select_list: [
        {
          question_key: 'q',
          title: '班次',
          selected_id: '2',
          option_list: [
            { id: '1', text: '早班' },
            { id: '2', text: '晚班' },
          ],
        },
      ],
      submit_button: { text: '提交班次', key: 'submit' },
    },
    ['请选择班次', '班次', '晚班', '提交班次'],
  ],
]

export function sendCard(client: AxiosInstance, card_type: string, card: object) {
  return send(client, 'template_card', { card_type, ...card })
}

/** What the screenshots of the docs show: newest first, a card, a picture, a robot, and a token that was replaced. */
export async function scene(
  client: AxiosInstance,
  wecom: FakeQyapi,
  picture: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const [markdown, textCard] = MESSAGES.slice(1)
  const [button] = CARDS.slice(2)
  const media_id = await upload(client, 'hills.png', picture)
  if (textCard) await send(client, textCard[0], textCard[1])
  await client.get('/user/get?userid=zhangsan')
  await send(client, 'image', { media_id })
  wecom.failNext('department/list', { errcode: 45009 })
  await client.get('/department/list')
  const text = { content: '今日值班：发布窗口 20:00 开始', mentioned_list: ['wangqing', '@all'] }
  await client.post('/webhook/send?key=robot', { msgtype: 'text', text })
  if (markdown) await send(client, markdown[0], markdown[1], { touser: '@all' })
  wecom.revoke()
  if (button) await sendCard(client, button[0], button[1])
  await client.get('/user/get?userid=lisi')
}
