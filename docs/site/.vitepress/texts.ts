import type { DefaultTheme, LocaleSpecificConfig } from 'vitepress'
import manifest from '../../../package.json' with { type: 'json' }
import { type Language, SECTIONS, titleOf } from './pages.js'

type Texts = LocaleSpecificConfig<DefaultTheme.Config>

const ENTRY_POINTS = Object.keys(manifest.exports).filter((path) => path !== './package.json')

const TITLE: Readonly<Record<string, string>> = { readme: 'README' }

function sidebar(language: Language): DefaultTheme.SidebarItem[] {
  const below = language === 'zh' ? '/zh/' : '/'
  return [
    ...SECTIONS.map(({ title, pages }) => ({
      text: title[language],
      items: pages.map((page) => ({
        text: TITLE[page.path] ?? titleOf(page[language] ?? page.en),
        link: page[language] === undefined ? `/${page.path}` : `${below}${page.path}`,
      })),
    })),
    {
      text: language === 'zh' ? 'API（英文）' : 'API',
      collapsed: false,
      items: ENTRY_POINTS.map((name) => ({
        text: `qyapi-token${name.slice(1)}`,
        link: `/api/${name === '.' ? '' : name.slice(2)}`,
      })),
    },
  ]
}

function nav(language: Language): DefaultTheme.NavItem[] {
  const isChinese = language === 'zh'
  const below = isChinese ? '/zh/' : '/'
  return [
    { text: isChinese ? '入门' : 'Start', link: `${below}start` },
    { text: isChinese ? '错误码' : 'Errcodes', link: `${below}troubleshooting` },
    { text: isChinese ? '选项' : 'Options', link: `${below}options` },
    { text: 'API', link: '/api/' },
  ]
}

export const ENGLISH_TEXTS: Texts = {
  description: 'A valid access_token for every WeCom call of axios and fetch.',
  themeConfig: { nav: nav('en'), sidebar: sidebar('en'), outline: { level: [2, 3] } },
}

export const CHINESE_TEXTS: Texts = {
  description: '用 axios 或 fetch 调用企业微信，每次都带着有效的 access_token。',
  themeConfig: {
    nav: nav('zh'),
    sidebar: sidebar('zh'),
    outline: { level: [2, 3], label: '本页目录' },
    docFooter: { prev: '上一页', next: '下一页' },
    darkModeSwitchLabel: '外观',
    lightModeSwitchTitle: '切换到浅色',
    darkModeSwitchTitle: '切换到深色',
    sidebarMenuLabel: '目录',
    returnToTopLabel: '回到顶部',
    langMenuLabel: '切换语言',
    skipToContentLabel: '跳到正文',
    notFound: {
      title: '没有这一页',
      quote: '地址可能已经变了。',
      linkLabel: '回到首页',
      linkText: '回到首页',
    },
  },
}
