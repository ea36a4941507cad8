import { wecomFor } from '../../../lib/wecom'

export const revalidate = 60

/** None in the build: each page is generated at its first request. */
export const generateStaticParams = () => []

const wecom = wecomFor('later')

export default async function Page() {
  return <pre>{(await wecom('user/get?userid=later')).userid}</pre>
}
