import { wecomFor } from '../../lib/wecom'

export const revalidate = 1

const wecom = wecomFor('isr')

export default async function Page() {
  return <pre>{(await wecom('user/get?userid=isr')).userid}</pre>
}
