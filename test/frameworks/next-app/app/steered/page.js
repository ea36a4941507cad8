import { steeredFor } from '../../lib/wecom'

const wecom = steeredFor('steered')

export default async function Page() {
  return <pre>{(await wecom('user/get?userid=steered')).userid}</pre>
}
