export type { FakeAnswer, FakeEndpoint, FakeRequest } from './testing/fake-answers.js'
export { type FakeClock, fakeClock } from './testing/fake-clock.js'
export {
  type FakeQyapi,
  type FakeQyapiOptions,
  fakeQyapi,
  type NextAnswer,
} from './testing/fake-qyapi.js'
export type { FakeApp, TokenMode } from './testing/fake-tokens.js'
