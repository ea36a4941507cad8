export {
  type ClientContext,
  type ContractSend,
  clientContract,
} from './testing/client-contract.js'
export {
  type ContractSource,
  type CredentialCase,
  credentialContract,
} from './testing/credential-contract.js'
export type { FakeAnswer, FakeEndpoint, FakeRequest, NextAnswer } from './testing/fake-answers.js'
export { type FakeClock, fakeClock } from './testing/fake-clock.js'
export type { FakeDownstream, FakeProvider } from './testing/fake-corps.js'
export type { FakeDevice, FakeModel } from './testing/fake-hardware.js'
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
