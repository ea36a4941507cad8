import { wecomFor } from '../../lib/wecom'

export const dynamic = 'force-dynamic'
export const fetchCache = 'force-cache'

const wecom = wecomFor('cached')

export async function GET(request) {
  const { searchParams } = new URL(request.url)
  return Response.json(await wecom(`user/get?userid=${searchParams.get('userid')}`))
}
