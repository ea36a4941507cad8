/**
 * Call limits that Tencent publishes. Data only. Source of every figure, unless it says otherwise:
 * 访问频率限制, document/path/90312, and 全局错误码, document/path/90313.
 */

/** Over a call limit: the API stays closed until the window that was hit is over. */
export const OVER_LIMIT = 45009

/** Too many calls of one API by one corp at the same time. */
export const TOO_MANY_AT_ONCE = 45033

/**
 * Page tickets an hour, of an app and of a corp: document/path/90506. The page does not say whether
 * the two kinds of ticket count together; counted together they stay below in either case.
 */
export const PAGE_TICKETS_AN_HOUR = { app: 100, corp: 400 } as const

/** What WeCom counts together. */
export interface LimitRule {
  /** What is counted, for messages: `calls of one API by one corp`. */
  readonly counts: string
  /** Whose count it is; `none`: no call of the API changes it, and the figures are for reference. */
  readonly per: 'corp' | 'ip' | 'provider-ip' | 'app' | 'member' | 'robot' | 'none'
  /** The paths below `/cgi-bin/` that count together. Without them, each API counts by itself. */
  readonly paths?: readonly string[]
  /** The figures are multiplied by the corp's number of accounts. */
  readonly isPerAccount?: true
}

const PAGE_TICKETS = ['get_jsapi_ticket', 'ticket/get'] as const

export const LIMIT_RULES = {
  corpApi: { counts: 'calls of one API by one corp', per: 'corp' },
  ipApi: { counts: 'calls of one API from one IP', per: 'ip' },
  providerIpApi: {
    counts: 'calls of one API from one IP of a service provider',
    per: 'provider-ip',
  },
  // The page does not say whether two apps count together for a member. Together they stay below.
  messagesToMember: { counts: 'messages to one member', per: 'member', paths: ['message/send'] },
  messagesOfApp: {
    counts: 'receivers of the messages of one app',
    per: 'app',
    paths: ['message/send'],
    isPerAccount: true,
  },
  messagesToChats: {
    counts: 'receivers of messages to group chats',
    per: 'corp',
    paths: ['appchat/send'],
  },
  chatsCreated: { counts: 'group chats created', per: 'corp', paths: ['appchat/create'] },
  chatsChanged: { counts: 'changes of group chats', per: 'corp', paths: ['appchat/update'] },
  accountsCreated: {
    counts: 'accounts created',
    per: 'corp',
    paths: ['user/create'],
    isPerAccount: true,
  },
  appsCreated: { counts: 'apps created', per: 'none' },
  pageTicketsOfCorp: { counts: 'page tickets of one corp', per: 'corp', paths: PAGE_TICKETS },
  pageTicketsOfApp: { counts: 'page tickets of one app', per: 'app', paths: PAGE_TICKETS },
  checkinData: {
    counts: 'calls for check-in data',
    per: 'corp',
    paths: ['checkin/getcheckindata'],
  },
  approvalData: { counts: 'calls for approval data', per: 'corp', paths: ['oa/getapprovaldata'] },
  permanentImages: {
    counts: 'permanent images uploaded',
    per: 'corp',
    paths: ['media/uploadimg'],
  },
  // Group robots: document/path/91770.
  robotMessages: { counts: 'messages of one group robot', per: 'robot', paths: ['webhook/send'] },
} as const satisfies Record<string, LimitRule>

/** The name of a limit: a row of the table. */
export type LimitName = keyof typeof LIMIT_RULES

/**
 * How many are allowed within any minute, any hour, a calendar day in China (UTC+8), and any month
 * (31 days, so that it holds for calendar months too).
 */
export interface LimitRow {
  readonly minute?: number
  readonly hour?: number
  readonly day?: number
  readonly month?: number
  /** Windows of any other length. */
  readonly windows?: readonly { readonly ms: number; readonly most: number }[]
  /** Paths that this limit does not count. */
  readonly except?: readonly string[]
  /** The page that has the figures. */
  readonly page?: string
}

/** The figures of each limit; one that is left out is not counted. */
export type LimitTable = Readonly<Partial<Record<LimitName, LimitRow>>>

const PAGE = 'document/path/90312'
const TICKET_PAGE = 'document/path/90506'
/**
 * Messages have limits of their own and do not count in the base limit, nor does a login with a
 * valid code.
 */
const OUTSIDE_THE_BASE = ['message/send', 'appchat/send', 'auth/getuserinfo']

/** Today's figures. */
export const LIMITS = {
  corpApi: { minute: 10_000, hour: 150_000, except: OUTSIDE_THE_BASE, page: PAGE },
  ipApi: { minute: 20_000, hour: 600_000, except: OUTSIDE_THE_BASE, page: PAGE },
  providerIpApi: { minute: 40_000, hour: 1_200_000, except: OUTSIDE_THE_BASE, page: PAGE },
  messagesToMember: { minute: 30, hour: 1_000, page: PAGE },
  messagesOfApp: { day: 200, page: PAGE },
  messagesToChats: { minute: 20_000, hour: 300_000, page: PAGE },
  chatsCreated: { day: 1_000, page: PAGE },
  chatsChanged: { hour: 1_000, page: PAGE },
  accountsCreated: { month: 3, page: PAGE },
  appsCreated: { month: 900, page: PAGE },
  pageTicketsOfCorp: { hour: PAGE_TICKETS_AN_HOUR.corp, page: TICKET_PAGE },
  pageTicketsOfApp: { hour: PAGE_TICKETS_AN_HOUR.app, page: TICKET_PAGE },
  checkinData: { minute: 600, page: PAGE },
  approvalData: { minute: 600, page: PAGE },
  permanentImages: { day: 1_000, month: 3_000, page: PAGE },
  robotMessages: { minute: 20, page: 'document/path/91770' },
} as const satisfies LimitTable

/** The figures of 2015, with which this project began; a private deployment may still have them. */
export const LIMITS_2015 = {
  corpApi: { minute: 1_000, hour: 30_000, page: PAGE },
  ipApi: { minute: 2_000, hour: 60_000, page: PAGE },
  providerIpApi: { minute: 20_000, hour: 600_000, page: PAGE },
  messagesOfApp: { day: 30, page: PAGE },
  accountsCreated: { month: 3, page: PAGE },
  appsCreated: { month: 90, page: PAGE },
} as const satisfies LimitTable
