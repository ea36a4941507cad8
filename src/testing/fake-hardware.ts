import { errorAnswer, okAnswer } from './fake-answers.js'
import { pushedTickets } from './fake-suites.js'
import { fieldsOf, type TokenCalls } from './fake-token-call.js'
import type { FakeTokenOwner, FakeTokens, KnownOwner } from './fake-tokens.js'

/** A hardware model. */
export interface FakeModel {
  readonly modelId: string
  readonly modelSecret: string
  /** A ticket that counts as pushed when the model is added; push more with `pushModelTicket`. */
  readonly modelTicket?: string
}

interface KnownModel {
  readonly modelSecret: string
  readonly owner: FakeTokenOwner
  readonly tickets: ReturnType<typeof pushedTickets>
}

/** Hardware models, and get_model_token. */
export function fakeModels(tokens: FakeTokens, now: () => number) {
  const models = new Map<string, KnownModel>()

  const calls: TokenCalls = {
    /** WeCom documents no errcodes for its ids and secrets: those of similar calls. */
    'openhw/get_model_token'(request) {
      const { model_id, model_secret, model_ticket } = fieldsOf(request)
      if (!model_id || !model_secret) return errorAnswer(41004)
      if (!model_ticket) return errorAnswer(41023)
      const model = models.get(model_id)
      if (model?.modelSecret !== model_secret) return errorAnswer(40001)
      if (!model.tickets.isGood(model_ticket)) return errorAnswer(710402)
      return { json: tokens.give(model.owner, 'model_access_token') }
    },
  }

  return {
    calls,
    list: (): KnownOwner[] =>
      [...models.values()].map(({ owner, modelSecret, tickets }) => ({
        owner,
        secrets: [modelSecret, ...tickets.list()],
      })),
    add({ modelId, modelSecret, modelTicket }: FakeModel): void {
      const known = models.get(modelId)
      const owner: FakeTokenOwner = known?.owner ?? { kind: 'model', modelId }
      const tickets = known?.tickets ?? pushedTickets(`fake-model-ticket-${modelId}`, now)
      models.set(modelId, { modelSecret, owner, tickets })
      if (modelTicket !== undefined) tickets.push(modelTicket)
    },
    push(modelId: string): { modelTicket: string; timeStamp: number } {
      const model = models.get(modelId)
      if (model === undefined) throw new Error(`The fake qyapi knows no model ${modelId}`)
      const { ticket, timeStamp } = model.tickets.push()
      return { modelTicket: ticket, timeStamp }
    },
  }
}

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
    list: (): KnownOwner[] =>
      [...devices.values()].map(({ owner, deviceSecret }) => ({ owner, secrets: [deviceSecret] })),
    add(device: FakeDevice): void {
      const { modelId, deviceSn } = device
      const key = keyOf(modelId, deviceSn)
      const owner = devices.get(key)?.owner ?? { kind: 'device', modelId, deviceSn }
      devices.set(key, { ...device, owner })
    },
  }
}
