import type { ErrcodeRows } from './row.js'

const GRANT_EN = 'Give the app the right in the settings of that product in the admin console.'
const GRANT_ZH = '在管理后台该产品的设置中给应用授权。'

/** Permissions of single products. */
export const PRODUCT_ERRCODES: ErrcodeRows = {
  670001: {
    name: 'app_not_shared',
    page: 95311,
    en: {
      causes: ["the token is not the upstream app's", 'corpid and agentid are not from the list'],
    },
    zh: {
      meaning: '应用没有共享给这个下游企业',
      causes: ['用的不是上游应用的 token', 'corpid 和 agentid 不是来自共享范围列表'],
      remedy:
        '用 corpgroup/corp/list_app_share_info 获取共享范围，使用其中的 corpid 和 agentid，token 用上游应用的。',
    },
  },
  670030: {
    name: 'group_not_shared',
    en: {
      meaning: 'the app has no right to this group of corps',
      causes: ['the group is outside of what the app is shared with'],
      remedy: "Share the app with the group in the upstream corp's console.",
    },
    zh: {
      meaning: '无权操作这个上下游分组',
      causes: ['分组不在应用的共享范围内'],
      remedy: '在上游企业的管理后台把应用共享给该分组。',
    },
  },
  301055: {
    name: 'no_approval_data',
    en: {
      meaning: 'the app has no right to approvals or their data',
      causes: ["the token is not the approval app's, nor an allowed caller's"],
      remedy: GRANT_EN,
    },
    zh: {
      meaning: '没有审批应用或审批数据的权限',
      causes: ['token 不属于审批应用，也不属于其允许调用的应用'],
      remedy: GRANT_ZH,
    },
  },
  301062: {
    name: 'no_leave_data',
    en: {
      meaning: 'the app has no right to leave and attendance data',
      causes: ['the right of 假勤 was not granted'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '没有假勤权限', causes: ['没有授予假勤权限'], remedy: GRANT_ZH },
  },
  301088: {
    name: 'no_checkin_rule_right',
    en: {
      meaning: 'the app has no right to this operation',
      causes: ['the check-in rule belongs to another app or administrator'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '没有操作权限', causes: ['打卡规则属于别的应用或管理员'], remedy: GRANT_ZH },
  },
  60217: {
    name: 'operator_not_permitted',
    en: {
      meaning: 'the operating member has no right',
      causes: ['the member has not authorised the app, or is outside of its visible range'],
      remedy: 'Let the member authorise the app, or widen the visible range.',
    },
    zh: {
      meaning: '当前操作者无权限',
      causes: ['成员没有授权，或不在可见范围内'],
      remedy: '请成员授权，或扩大可见范围。',
    },
  },
  60218: {
    name: 'member_authorised_apps_only',
    en: {
      meaning: 'only apps that members authorise may call this',
      causes: ['the app was authorised by the corp'],
      remedy: 'Use an app in the mode of member authorisation.',
    },
    zh: {
      meaning: '仅成员授权模式的应用可调用',
      causes: ['应用由企业授权'],
      remedy: '使用成员授权模式的应用。',
    },
  },
  90210: {
    name: 'member_must_authorise',
    en: {
      meaning: 'the member has to authorise the app first',
      causes: ['the app is in the mode of member authorisation'],
      remedy: 'Send the member to the page of the authorisation.',
    },
    zh: {
      meaning: '需要成员先授权',
      causes: ['应用是成员授权模式'],
      remedy: '引导成员打开授权页面。',
    },
  },
  65022: {
    name: 'no_school_contacts',
    en: {
      meaning: 'the app has no right to the contacts of parents and pupils',
      causes: ['the right of 家校沟通 was not granted'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '没有家校通讯录权限', causes: ['没有授予家校沟通权限'], remedy: GRANT_ZH },
  },
  65023: {
    name: 'no_right_to_pupil',
    en: {
      meaning: 'the app has no right to this pupil or parent',
      causes: ['they are outside of its range'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '无权获取该学生或家长', causes: ['不在应用的范围内'], remedy: GRANT_ZH },
  },
  90472: {
    name: 'no_calendar_right',
    en: {
      meaning: 'the app has no right to this calendar or event',
      causes: ['another app made it'],
      remedy: 'Use the app that made it, or the system app 日程.',
    },
    zh: {
      meaning: '没有日历或日程的操作权限',
      causes: ['由别的应用创建'],
      remedy: '用创建它的应用，或系统应用“日程”操作。',
    },
  },
  92008: {
    name: 'no_right_to_live',
    en: {
      meaning: 'the app has no right to this live broadcast',
      causes: ['another app made it'],
      remedy: 'Use the app that made it.',
    },
    zh: { meaning: '无权操作这个直播', causes: ['由别的应用创建'], remedy: '用创建它的应用操作。' },
  },
  95017: {
    name: 'service_api_off',
    en: {
      meaning: 'the API of customer service is switched off',
      causes: ['the switch in 微信客服 is off for this app'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '微信客服的 API 开关已关闭', causes: ['没有对该应用开启'], remedy: GRANT_ZH },
  },
  95023: {
    name: 'service_api_with_another_app',
    en: {
      meaning: 'the API of customer service is granted to another app',
      causes: ['a 代开发 app holds the right, which only one app may have'],
      remedy: 'Move the right in the admin console, under 微信客服.',
    },
    zh: {
      meaning: '微信客服的 API 已授权给别的应用',
      causes: ['权限在代开发应用手中，同一时间只能有一个'],
      remedy: '在管理后台“微信客服”中切换权限。',
    },
  },
  640004: {
    name: 'no_drive_access',
    en: {
      meaning: 'the member has no access to this file or space',
      causes: ['the space was not shared with the member'],
      remedy: 'Share the space or the file with the member.',
    },
    zh: {
      meaning: '无权访问微盘文件或空间',
      causes: ['空间没有共享给该成员'],
      remedy: '把空间或文件共享给该成员。',
    },
  },
  640017: {
    name: 'drive_api_off',
    en: {
      meaning: 'the API of the drive is switched off',
      causes: ['an administrator has not switched it on'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '微盘没有开通 API 权限', causes: ['管理员没有开启'], remedy: GRANT_ZH },
  },
  93000: {
    name: 'robot_webhook_invalid',
    page: 91770,
    en: {
      meaning: 'the address of the group robot is not valid',
      causes: ['the key is wrong, or the robot was removed from the group'],
      remedy: 'Copy the webhook address of the robot again.',
    },
    zh: {
      meaning: '群机器人的 webhook 地址无效',
      causes: ['key 不正确，或机器人已被移出群'],
      remedy: '重新复制机器人的 webhook 地址。',
    },
  },
  93004: {
    name: 'robot_disabled',
    page: 91770,
    en: {
      meaning: 'the group robot is disabled',
      causes: ['an administrator or its owner disabled it'],
      remedy: 'Enable the robot, or add another.',
    },
    zh: {
      meaning: '群机器人已停用',
      causes: ['管理员或创建者停用了它'],
      remedy: '重新启用，或添加新的机器人。',
    },
  },
  2400006: {
    name: 'resource_not_authorised',
    en: {
      meaning: 'the operation on this resource is not authorised',
      causes: ['the app lacks the right to it'],
      remedy: GRANT_EN,
    },
    zh: { meaning: '资源操作未授权', causes: ['应用没有该资源的权限'], remedy: GRANT_ZH },
  },
}
