export type { Clock } from './core/clock.js'
export type { Credential } from './core/credential.js'
export {
  isQyapiTokenError,
  QyapiTokenError,
  type QyapiTokenErrorCode,
} from './core/errors.js'
export type { NotReplayedReason, OnEvent, TokenEvent } from './core/events.js'
export type { SourceOptions } from './core/options.js'
export type { RunOptions } from './core/run.js'
export type { StoredToken, TokenStore } from './core/store.js'
export {
  createTokenSource,
  type SourceDescription,
  type TokenSource,
} from './core/token-source.js'
export type { TokenAnswer, TokenRequest, Transport, TransportContext } from './core/transport.js'
export { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
export { memoryStore } from './stores/memory.js'
