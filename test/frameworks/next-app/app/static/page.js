import { wecomFor } from '../../lib/wecom'

const wecom = wecomFor('static', fetch)

export default async function Page() {
  return <pre>{(await wecom('user/get?userid=static')).userid}</pre>
}
