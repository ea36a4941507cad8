import { describe, expect, it } from 'vitest'
import { hardwareDevice } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'
import { appSource, modelSource } from '../support/upstream.js'

const device = { model: modelSource(), deviceSn: 'sn-1' }

describe('hardwareDevice', () => {
  credentialContract({
    credential: () => hardwareDevice({ ...device, deviceSecret: 'planted-secret' }),
    withOtherSecret: () => hardwareDevice({ ...device, deviceSecret: 'planted-other' }),
    kind: 'hardware-device',
    subject: 'sn-1 of model model-1',
    secrets: ['planted-secret', 'planted-other', 'planted-model-secret', 'model-token'],
    method: 'POST',
    call: 'openhw/get_device_token?model_access_token=model-token',
    body: { device_sn: 'sn-1', device_secret: 'planted-secret' },
    answer: { errcode: 0, errmsg: 'ok', device_access_token: 'token', expires_in: 7200 },
    token: 'token',
    tokenInvalidErrcodes: [40106, 42021],
    refuses: [
      [
        () => hardwareDevice({ ...device, deviceSecret: 's', modelId: 'm' } as never),
        "Unknown key 'modelId' in hardwareDevice: known are model, deviceSn, deviceSecret.",
      ],
      [
        () => hardwareDevice({ ...device, deviceSecret: 's', deviceSn: '' }),
        "deviceSn must be the device's serial number, a non-empty string, got ''.",
      ],
      [
        () => hardwareDevice({ ...device, deviceSecret: '' }),
        "deviceSecret must be the device's secret, a non-empty string or a function that returns it, got ''.",
      ],
      [
        () => hardwareDevice({ ...device, deviceSecret: 's', model: {} } as never),
        "model must be the source of the model's token, a token source, got an object.",
      ],
      [
        () => hardwareDevice({ ...device, deviceSecret: 's', model: appSource() }),
        "model must be the source of the model's token, got 'self-built app of corp ww-up'.",
      ],
    ],
  })

  it('hardwareDevice has another identity for another serial number', () => {
    const ids = ['sn-1', 'sn-2'].map((deviceSn) =>
      JSON.stringify(hardwareDevice({ ...device, deviceSn, deviceSecret: 's' }).ids),
    )
    expect(new Set(ids).size).toBe(2)
  })
})
