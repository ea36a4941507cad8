import { check } from '../core/check.js'
import { DEFAULTS, type MiddlewareOptions, OWN_CHECKS, SOURCE_CHECKS } from '../core/options.js'
import { type Destination, judgeDestinations } from './destination.js'

/** Where tokens may go, and which path takes which. */
export type DestinationOptions = Pick<MiddlewareOptions, 'baseUrl' | 'trustedOrigins' | 'endpoints'>

/**
 * For a client of your own: returns a function that judges a final, absolute url. It returns which
 * token the path takes, in which parameter; `undefined`: no token may go there (request rule 1).
 * Send that request without a token, or reject it.
 *
 * @throws `bad_options` if an option is wrong.
 * @example
 * const destinationOf = tokenDestinations()
 * destinationOf('https://qyapi.weixin.qq.com/cgi-bin/user/get')
 * // { endpoint: 'user/get', token: 'app', parameter: 'access_token', … }
 * destinationOf('https://qyapi.weixin.qq.com@evil.example/cgi-bin/user/get')   // undefined
 */
export function tokenDestinations(
  options: DestinationOptions = {},
): (url: string) => Destination | undefined {
  const { trustedOrigins: origins, endpoints } = OWN_CHECKS
  const checks = { baseUrl: SOURCE_CHECKS.baseUrl, trustedOrigins: origins, endpoints }
  check(options, checks, 'options of tokenDestinations')
  const { baseUrl = DEFAULTS.baseUrl, trustedOrigins = DEFAULTS.trustedOrigins } = options
  return judgeDestinations(baseUrl, trustedOrigins, options.endpoints)
}
