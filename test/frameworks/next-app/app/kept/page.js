import { wecomFor } from '../../lib/wecom'

export const fetchCache = 'force-cache'

const wecom = wecomFor('kept')

export default async function Page() {
  return <pre>{(await wecom('user/get?userid=kept')).userid}</pre>
}
