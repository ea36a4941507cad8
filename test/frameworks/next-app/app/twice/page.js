import { wecomFor } from '../../lib/wecom'

export const dynamic = 'force-dynamic'

const wecom = wecomFor('twice')

/** React answers the second of two equal GETs of one render by the first. */
export default async function Page() {
  const { userid } = await wecom('user/get?userid=twice')
  return <pre>{userid ?? 'refused'}</pre>
}
