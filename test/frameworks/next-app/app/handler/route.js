import { wecomFor } from '../../lib/wecom'

const wecom = wecomFor('handler')

export async function GET() {
  return Response.json(await wecom('user/get?userid=handler'))
}
