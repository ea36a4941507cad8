export type { FakeAnswer, FakeEndpoint, FakeRequest, NextAnswer } from './testing/fake-answers.js'
export { type FakeClock, fakeClock } from './testing/fake-clock.js'
export {
  type FakeQyapi,
  type FakeQyapiOptions,
  fakeQyapi,
} from './testing/fake-qyapi.js'
export type { NockLike } from './testing/fake-server.js'
export type { FakeApp, TokenMode } from './testing/fake-tokens.js'
export { type ContractRule, storeContract } from './testing/store-contract.js'
