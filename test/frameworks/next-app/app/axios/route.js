import { axiosFor } from '../../lib/wecom'

export const dynamic = 'force-dynamic'
export const fetchCache = 'force-cache'

const wecom = axiosFor('axios')

export async function GET() {
  return Response.json(await wecom('/user/get?userid=axios'))
}
