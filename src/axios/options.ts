import type { AxiosInstance, AxiosRequestConfig, AxiosStatic } from 'axios'
import type { MiddlewareOptions } from '../core/options.js'
import type { Tenant } from '../request/choose-source.js'
import type { ManySources } from '../request/middleware.js'
import type { TokenSource } from '../token/token-source.js'

declare module 'axios' {
  // Without type parameters: axios has one before 1.19 and two since, all with defaults.
  interface AxiosRequestConfig {
    /** Which tenant's token this request takes: a name for the attached function, or a function. */
    tenant?: Tenant<AxiosRequestConfig>
  }
}

/**
 * The parts of an axios instance that are used. The types of whole instances conflict if an SDK has its
 * own copy of axios, or the CommonJS one next to your ES module.
 */
export type AxiosClient = Pick<AxiosInstance, 'interceptors' | 'defaults'>

/** The axios config that a function in `tokens` receives: its `tenant` is a name or not set. */
export type ConfigToChooseFor = Omit<AxiosRequestConfig, 'tenant'> & { tenant?: string }

/** Several sources, of which the path or a function selects one, for axios. */
export type ManyAxiosSources = ManySources<ConfigToChooseFor>

/** Options of `attachToken`. */
export interface AxiosMiddlewareOptions extends MiddlewareOptions {
  /**
   * The copy of axios whose errors are thrown and whose adapters are used, if the client comes from
   * another copy (ESM next to CJS).
   * @default the axios that this package imports
   */
  readonly axios?: AxiosStatic
}

/** The result of attaching several sources, or a function that selects one. */
export interface AttachedMany {
  /** Restores the client. A second call does nothing. */
  detach(): void
}

/** The result of attaching one source. */
export interface Attached extends AttachedMany {
  readonly source: TokenSource
}

/** The return type of `attachToken`: it has `source` only where there is exactly one. */
export type AttachedTo<Tokens> = [Tokens] extends [ManyAxiosSources] ? AttachedMany : Attached
