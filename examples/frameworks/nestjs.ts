// NestJS: the HttpService of this module carries the token. Import WeComModule where you inject it.
import { HttpModule, HttpService } from '@nestjs/axios'
import { Module, type OnModuleDestroy } from '@nestjs/common'
import { ConfigModule, ConfigService } from '@nestjs/config'
import { type Attached, attachToken } from 'qyapi-token/axios'

const WECOM = 'https://qyapi.weixin.qq.com'

@Module({
  imports: [
    ConfigModule.forRoot(),
    HttpModule.registerAsync({
      imports: [ConfigModule.forRoot()],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        baseURL: `${config.get('WECOM_URL', WECOM)}/cgi-bin`,
        timeout: 15_000,
      }),
    }),
  ],
  exports: [HttpModule],
})
export class WeComModule implements OnModuleDestroy {
  private readonly attached: Attached

  constructor(http: HttpService, config: ConfigService) {
    const corpId = config.getOrThrow<string>('WECOM_CORPID')
    const corpSecret = config.getOrThrow<string>('WECOM_CORPSECRET')
    const baseUrl = config.get('WECOM_URL', WECOM)
    this.attached = attachToken(http.axiosRef, { corpId, corpSecret }, { baseUrl })
  }

  /** Removes the interceptor and ends waiting calls. */
  onModuleDestroy() {
    this.attached.detach()
  }
}
