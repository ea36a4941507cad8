import type { AxiosAdapter, AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'

type Config = InternalAxiosRequestConfig

/** What a config says of its adapter: a function, a name, names among which axios chooses, or nothing. */
export type OwnAdapter = Config['adapter']

/** Which adapter stands behind one of ours; known to other copies of this package, too. */
const OWN = Symbol.for('qyapi-token.own-adapter')
type OurAdapter = AxiosAdapter & { [OWN]?: OwnAdapter }

/** An adapter for one request, in the place of the caller's own. */
export function ourAdapter(
  own: OwnAdapter,
  send: (config: Config, own: OwnAdapter) => Promise<AxiosResponse>,
): AxiosAdapter {
  const ours: OurAdapter = (config) => {
    // First of all the caller's own adapter goes back, so that a config that is sent again, by
    // axios-retry or by hand, finds nothing wrapped.
    const callers = behindOurs(own)
    if (callers === undefined) delete config.adapter
    else config.adapter = callers
    return send(config, own)
  }
  ours[OWN] = own
  return ours
}

/** Another attach, or a request that never reached its adapter, may have left one of ours. */
function behindOurs(adapter: OwnAdapter): OwnAdapter {
  let callers = adapter
  while (typeof callers === 'function' && OWN in callers) callers = (callers as OurAdapter)[OWN]
  return callers
}

/** The function that it stands for, resolved as late as axios would. */
export function resolvedAdapter(lib: AxiosStatic, own: OwnAdapter, config: Config): AxiosAdapter {
  // Older versions declare one parameter; all newer ones take the config, for its `env`.
  const getAdapter = lib.getAdapter as (adapters: unknown, config: object) => AxiosAdapter
  return getAdapter(own ?? lib.defaults.adapter, config)
}

/** Whether axios' own fetch adapter sends it. */
export function isSentByFetch({
  adapter,
  lib,
  config,
}: {
  readonly adapter: AxiosAdapter
  readonly lib: AxiosStatic
  readonly config: Config
}): boolean {
  try {
    return adapter === resolvedAdapter(lib, 'fetch', config)
  } catch {
    // There is none.
    return false
  }
}
