export type { Clock } from './core/clock.js'
export type { Credential } from './core/credential.js'
export {
  isQyapiTokenError,
  QyapiTokenError,
  type QyapiTokenErrorCode,
  type QyapiTokenErrorDetails,
} from './core/errors.js'
export type {
  EventSubject,
  LimitedOutcome,
  NotReplayedReason,
  OnEvent,
  SkippedReason,
  StoreErrorReason,
  StoreOperation,
  TokenEvent,
} from './core/events.js'
export {
  type ErrcodeExplanation,
  type ErrcodeRetry,
  type ExplainOptions,
  explainErrcode,
} from './core/explain-errcode.js'
export type { CallLimits } from './core/limits.js'
export type { SourceOptions } from './core/options.js'
export type {
  LeaseAnswer,
  LeaseRequest,
  StoredFailure,
  StoredToken,
  StoreLease,
  StoreProblem,
  TokenStore,
} from './core/store.js'
export type { TokenAnswer, TokenRequest, Transport, TransportContext } from './core/transport.js'
export { type AuthorizedCorpOptions, authorizedCorp } from './credentials/authorized-corp.js'
export type { Id, Secret } from './credentials/credential-options.js'
export { type DownstreamCorpOptions, downstreamCorp } from './credentials/downstream-corp.js'
export { type HardwareDeviceOptions, hardwareDevice } from './credentials/hardware-device.js'
export { type HardwareModelOptions, hardwareModel } from './credentials/hardware-model.js'
export {
  defineCredential,
  type OwnCredentialOptions,
  type OwnKind,
} from './credentials/own-kind.js'
export { agentTicket, jsapiTicket } from './credentials/page-tickets.js'
export {
  type RemoteToken,
  type RemoteTokenKind,
  type RemoteTokenOptions,
  remoteToken,
} from './credentials/remote-token.js'
export { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
export { type ServiceProviderOptions, serviceProvider } from './credentials/service-provider.js'
export { type SuiteAppOptions, suiteApp } from './credentials/suite-app.js'
export type { Destination } from './request/destination.js'
export { type DestinationOptions, tokenDestinations } from './request/token-destinations.js'
export { type MemoryStore, memoryStore } from './stores/memory.js'
export type { RunOptions } from './token/run.js'
export { type JsapiSignature, type SignJsapiOptions, signJsapi } from './token/sign-jsapi.js'
export {
  type CredentialOf,
  createSourcePool,
  type SourcePool,
  type SourcePoolOptions,
} from './token/source-pool.js'
export {
  createTokenSource,
  type PushTicketOptions,
  type SourceDescription,
  type TokenSource,
} from './token/token-source.js'
export { type SdkWithoutToken, type WrapSdkOptions, wrapSdk } from './token/wrap-sdk.js'
export type { EndpointRule, TokenKind } from './wecom/endpoints.js'
