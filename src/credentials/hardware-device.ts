import { type Credential, credentialKind } from '../core/credential.js'
import { policyOf, type TokenSource } from '../token/token-source.js'
import { REFUSED_DEVICE_TOKEN } from '../wecom/errcodes.js'
import {
  checkId,
  checkKeys,
  checkSource,
  type Id,
  type Secret,
  secretReader,
} from './credential-options.js'

const device = /* @__PURE__ */ credentialKind<'modelId' | 'deviceSn'>({
  kind: 'hardware-device',
  tokenName: 'device_access_token',
  tokenKind: 'device',
  tokenInvalidErrcodes: REFUSED_DEVICE_TOKEN,
  subjectOf: ({ modelId, deviceSn }) => `${deviceSn} of model ${modelId}`,
  request: ({ deviceSn }, deviceSecret, { token = '' }) => ({
    method: 'POST',
    path: 'openhw/get_device_token',
    query: { model_access_token: token },
    body: { device_sn: deviceSn, device_secret: deviceSecret },
  }),
})

/** One device of a hardware model. */
export interface HardwareDeviceOptions {
  /** The source of the model's token: `createTokenSource(hardwareModel({ … }))`. */
  readonly model: TokenSource
  /** The device's serial number. */
  readonly deviceSn: Id
  /**
   * The `device_secret` (`openhw/get_device_secret`), or a function that returns the current one.
   */
  readonly deviceSecret: Secret
}

/**
 * The `device_access_token` of one device, for `openhw/device/`. If the model's token is refused
 * while this one is fetched, it is replaced once. Source: document/path/96022.
 *
 * @throws `bad_options` if something is missing or malformed, or a key is unknown.
 * @example
 * const device = createTokenSource(hardwareDevice({ model, deviceSn, deviceSecret }))
 * attachToken(client, [model, device])
 */
export function hardwareDevice(options: HardwareDeviceOptions): Credential {
  checkKeys(options, 'hardwareDevice', ['model', 'deviceSn', 'deviceSecret'])
  const { model, deviceSn } = options
  checkSource('model', model, 'model', "the source of the model's token")
  checkId('deviceSn', deviceSn, "the device's serial number")
  const secret = secretReader('deviceSecret', options.deviceSecret, "the device's secret")
  const modelId = policyOf(model).credential.subject

  return device({ ids: { modelId, deviceSn }, secret, parent: model })
}
