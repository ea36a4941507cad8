export type { FakeAnswer, FakeEndpoint, FakeRequest, NextAnswer } from './testing/fake-answers.js'
export { type FakeClock, fakeClock } from './testing/fake-clock.js'
export type { FakeDevice } from './testing/fake-devices.js'
export type { FakeDownstream } from './testing/fake-downstreams.js'
export type { FakeModel } from './testing/fake-models.js'
export type { FakeProvider } from './testing/fake-providers.js'
export {
  type FakeQyapi,
  type FakeQyapiOptions,
  fakeQyapi,
} from './testing/fake-qyapi.js'
export type { NockLike } from './testing/fake-server.js'
export type { FakeAuthorizedCorp, FakeSuite } from './testing/fake-suites.js'
export type { FakeTenants } from './testing/fake-tenants.js'
export type {
  FakeApp,
  FakeTokenKind,
  FakeTokenSelector,
  TokenMode,
} from './testing/fake-tokens.js'
export { leaseContract } from './testing/lease-contract.js'
export { type ContractRule, storeContract } from './testing/store-contract.js'
