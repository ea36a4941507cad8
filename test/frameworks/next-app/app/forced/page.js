import { wecomFor } from '../../lib/wecom'

export const dynamic = 'force-dynamic'

const wecom = wecomFor('forced', fetch)

export default async function Page() {
  return <pre>{(await wecom('user/get?userid=forced')).userid}</pre>
}
