/** Call limits that Tencent publishes. Data only. */

/**
 * Page tickets an hour, of an app and of a corp: document/path/90506. The page does not say whether
 * the two kinds of ticket count together; counted together they stay below in either case.
 */
export const PAGE_TICKETS_AN_HOUR = { app: 100, corp: 400 } as const
