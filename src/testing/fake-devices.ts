import { errorAnswer, okAnswer } from './fake-answers.js'
import { fieldsOf, type TokenCalls } from './fake-token-call.js'
import type { FakeTokenOwner, FakeTokens } from './fake-tokens.js'

/** One device of a hardware model. */
export interface FakeDevice {
  readonly modelId: string
  readonly deviceSn: string
  readonly deviceSecret: string
}

/** Devices, and get_device_token. */
export function fakeDevices(tokens: FakeTokens) {
  const devices = new Map<string, FakeDevice & { readonly owner: FakeTokenOwner }>()
  const keyOf = (modelId: string, deviceSn: string) => JSON.stringify([modelId, deviceSn])

  const calls: TokenCalls = {
    /** WeCom documents no errcodes for its serial numbers and secrets: those of similar calls. */
    'openhw/get_device_token'(request, holder) {
      const { device_sn, device_secret } = fieldsOf(request)
      if (!device_sn || !device_secret) return errorAnswer(41004)
      const device = devices.get(keyOf(holder?.modelId ?? '', device_sn))
      if (device?.deviceSecret !== device_secret) return errorAnswer(40001)
      return okAnswer(tokens.give(device.owner, 'device_access_token'))
    },
  }

  return {
    calls,
    add(device: FakeDevice): void {
      const { modelId, deviceSn } = device
      const key = keyOf(modelId, deviceSn)
      const owner = devices.get(key)?.owner ?? { kind: 'device', modelId, deviceSn }
      devices.set(key, { ...device, owner })
    },
  }
}
