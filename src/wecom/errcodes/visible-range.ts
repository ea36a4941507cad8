import type { ErrcodeRows } from './row.js'

const SCOPE_EN =
  'Widen the visible range (可见范围) of the app in the admin console, or leave those out of the call.'
const SCOPE_ZH = '在管理后台扩大应用的可见范围，或不要在请求中包含这些对象。'

/** Members, departments and tags that an app may not see or change. */
export const VISIBLE_RANGE_ERRCODES: ErrcodeRows = {
  60011: {
    name: 'no_right_to_members',
    en: {
      meaning: 'the app has no right to a member, department or tag of the call',
      causes: [
        'they are outside of its visible range',
        'they are inside, but the app may not change them: a tag that another app made',
      ],
      remedy: SCOPE_EN,
    },
    zh: {
      meaning: '应用无权操作请求中的成员、部门或标签',
      causes: ['不在应用的可见范围内', '在可见范围内，但没有编辑权限，例如别的应用创建的标签'],
      remedy: SCOPE_ZH,
    },
  },
  60021: {
    name: 'user_out_of_range',
    en: {
      meaning: "the member is outside of the app's visible range",
      causes: ['the range does not include the member or its department'],
      remedy: SCOPE_EN,
    },
    zh: {
      meaning: '成员不在应用的可见范围内',
      causes: ['可见范围没有包含该成员或其部门'],
      remedy: SCOPE_ZH,
    },
  },
  60030: {
    name: 'out_of_range',
    en: {
      meaning: "the call goes beyond the app's visible range",
      causes: ['a rule, room or member of the call is outside of it'],
      remedy: SCOPE_EN,
    },
    zh: {
      meaning: '超出应用的可见范围',
      causes: ['请求中的规则、会议室或成员不在范围内'],
      remedy: SCOPE_ZH,
    },
  },
  50002: {
    name: 'member_not_permitted',
    en: {
      meaning: 'the member is outside of what the app or the admin group may see',
      causes: ['the range of the app or of the group is too small'],
      remedy: SCOPE_EN,
    },
    zh: {
      meaning: '成员不在权限范围内',
      causes: ['应用或管理组的权限范围太小'],
      remedy: SCOPE_ZH,
    },
  },
  81013: {
    name: 'all_receivers_invalid',
    en: {
      meaning: 'no receiver of the call is valid and visible to the app',
      causes: ['they were deleted, or left the visible range of the app'],
      remedy: SCOPE_EN,
    },
    zh: {
      meaning: '所有接收者都无效或无权限',
      causes: ['已被删除，或移出了应用的可见范围'],
      remedy: SCOPE_ZH,
    },
  },
  81011: {
    name: 'no_right_to_tag',
    en: {
      meaning: 'the app may not change this tag',
      causes: ['another app made the tag'],
      remedy: 'Change tags with the app that made them, or with contact sync.',
    },
    zh: {
      meaning: '无权操作标签',
      causes: ['标签由别的应用创建'],
      remedy: '用创建标签的应用，或通讯录同步助手操作。',
    },
  },
  92000: {
    name: 'member_not_visible_to_app',
    en: {
      meaning: "the member is outside of the app's visible range",
      causes: ['the range does not include the member'],
      remedy: SCOPE_EN,
    },
    zh: { meaning: '成员不在应用可见范围内', causes: ['可见范围没有包含该成员'], remedy: SCOPE_ZH },
  },
}
