import type { AxiosStatic } from 'axios'
import type { Tenant } from '../core/choice.js'
import type { DoorOptions } from '../core/options.js'
import type { TokenSource } from '../core/token-source.js'

declare module 'axios' {
  // The names are axios' own: declarations that merge must have the same.
  interface AxiosRequestConfig<D, P> {
    /** Whose token this one call carries: a name for the function that was attached, or a function. */
    tenant?: Tenant<AxiosRequestConfig>
  }
}

/** Options of the axios door. */
export interface AxiosDoorOptions extends DoorOptions {
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
