import {
  type FakeDownstream,
  type FakeProvider,
  fakeApps,
  fakeDownstreams,
  fakePageTickets,
  fakeProviders,
} from './fake-corps.js'
import { type FakeDevice, type FakeModel, fakeDevices, fakeModels } from './fake-hardware.js'
import { type FakeSuite, fakeSuites } from './fake-suites.js'
import type { FakeApp, FakeTokens, KnownOwner } from './fake-tokens.js'

/** All token owners, by kind. */
export interface FakeTenants {
  /** Self-built apps, and 代开发 apps with their permanent code as the secret. */
  readonly apps?: readonly FakeApp[]
  /** Third-party apps and 代开发 templates, with the corps that authorised them. */
  readonly suites?: readonly FakeSuite[]
  readonly providers?: readonly FakeProvider[]
  /** Corps of 上下游 or 企业互联 that an app is shared with. */
  readonly downstreams?: readonly FakeDownstream[]
  /** Hardware models. */
  readonly models?: readonly FakeModel[]
  /** Devices of a hardware model. */
  readonly devices?: readonly FakeDevice[]
}

/** All known token owners, and all token requests. */
export function fakeTenants(tokens: FakeTokens, now: () => number) {
  const apps = fakeApps(tokens)
  const suites = fakeSuites(tokens, now)
  const providers = fakeProviders(tokens)
  const downstreams = fakeDownstreams(tokens)
  const models = fakeModels(tokens, now)
  const devices = fakeDevices(tokens)
  const pageTickets = { calls: fakePageTickets(tokens) }

  const kinds = [apps, suites, providers, downstreams, models, devices]

  return {
    list: (): KnownOwner[] => kinds.flatMap((kind) => kind.list()),
    /** By path. */
    calls: new Map([...kinds, pageTickets].flatMap(({ calls }) => Object.entries(calls))),
    add(added: FakeTenants): void {
      for (const app of added.apps ?? []) apps.add(app)
      for (const suite of added.suites ?? []) suites.add(suite)
      for (const provider of added.providers ?? []) providers.add(provider)
      for (const downstream of added.downstreams ?? []) downstreams.add(downstream)
      for (const model of added.models ?? []) models.add(model)
      for (const device of added.devices ?? []) devices.add(device)
    },
    tickets: suites.tickets,
    pushSuiteTicket: suites.push,
    pushModelTicket: models.push,
    install: suites.install,
    uninstall: suites.uninstall,
  }
}
