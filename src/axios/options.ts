import type { AxiosInstance, AxiosRequestConfig, AxiosStatic } from 'axios'
import type { MiddlewareOptions } from '../core/options.js'
import type { Tenant } from '../request/choose-source.js'
import type { ManySources } from '../request/middleware.js'
import type { TokenSource } from '../token/token-source.js'

declare module 'axios' {
  // Without type parameters: axios has one before 1.19 and two since, all with defaults.
  interface AxiosRequestConfig {
    /** Whose token this one call carries: a name for the function that was attached, or a function. */
    tenant?: Tenant<AxiosRequestConfig>
  }
}

/**
 * An axios instance, as far as it is looked at: its methods' types are at odds where an SDK brings its
 * own axios, or the CommonJS one beside your ES module.
 */
export type AxiosClient = Pick<AxiosInstance, 'interceptors' | 'defaults'>

/** A call's config as a function in `tokens` sees it: only a call with a name, or none, asks it. */
export type ConfigToChooseFor = Omit<AxiosRequestConfig, 'tenant'> & { tenant?: string }

/** Sources among which the path or a function chooses, for axios. */
export type ManyAxiosSources = ManySources<ConfigToChooseFor>

/** Options of the axios door. */
export interface AxiosMiddlewareOptions extends MiddlewareOptions {
  /**
   * The copy of axios whose errors are thrown and whose adapters are used, where the client comes
   * from another one (ESM beside CJS).
   * @default the axios that this package imports
   */
  readonly axios?: AxiosStatic
}

/** A client with tokens of several sources attached, or of such that a function chooses. */
export interface AttachedMany {
  /** Makes the client what it was. A second call does nothing. */
  detach(): void
}

/** A client with the token of one source attached. */
export interface Attached extends AttachedMany {
  readonly source: TokenSource
}

/** What attaching gives: one source is named, of many there is none to name. */
export type AttachedTo<Tokens> = [Tokens] extends [ManyAxiosSources] ? AttachedMany : Attached
