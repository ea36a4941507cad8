import { wecomFor } from '../../lib/wecom'

export const runtime = 'edge'
export const dynamic = 'force-dynamic'

const wecom = wecomFor('edge')

export async function GET(request) {
  const { signal } = new AbortController()
  const { searchParams } = new URL(request.url)
  return Response.json(await wecom(`user/get?userid=${searchParams.get('userid')}`, { signal }))
}
