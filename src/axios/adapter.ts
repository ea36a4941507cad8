import type { AxiosAdapter, AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'

type Config = InternalAxiosRequestConfig

/** A config's `adapter`: a function, a name, names of which axios takes the first available, or nothing. */
export type OwnAdapter = Config['adapter']

/** Marks the adapter that one of ours replaced; other copies of this package know it, too. */
const OWN = Symbol.for('qyapi-token.adapter')
type OurAdapter = AxiosAdapter & { [OWN]?: OwnAdapter }

/** An adapter for one request, in place of the caller's own. */
export function ourAdapter(
  own: OwnAdapter,
  send: (config: Config, own: OwnAdapter) => Promise<AxiosResponse>,
): AxiosAdapter {
  const ours: OurAdapter = (config) => {
    // First restore the caller's own adapter, so that a config that is sent again (axios-retry) is
    // not wrapped twice.
    const callers = originalAdapter(own)
    if (callers === undefined) delete config.adapter
    else config.adapter = callers
    return send(config, own)
  }
  ours[OWN] = own
  return ours
}

/** Another attach, or a request that never reached its adapter, may have left one of ours. */
function originalAdapter(adapter: OwnAdapter): OwnAdapter {
  let callers = adapter
  while (typeof callers === 'function' && OWN in callers) callers = (callers as OurAdapter)[OWN]
  return callers
}

/** The adapter function, resolved as late as axios would. */
export function resolvedAdapter(lib: AxiosStatic, own: OwnAdapter, config: Config): AxiosAdapter {
  // Older versions declare one parameter; all newer ones take the config, for its `env`.
  const getAdapter = lib.getAdapter as (adapters: unknown, config: object) => AxiosAdapter
  return getAdapter(own ?? lib.defaults.adapter, config)
}
