import { badOption } from '../core/errors.js'
import { checkNext, checkPath, checkSelector } from './fake-options.js'
import type { FakeParts } from './fake-parts.js'
import type { FakeTokenSelector } from './fake-tokens.js'
import type { pageState } from './page-state.js'

type Action = Readonly<Record<string, unknown>>

/**
 * What the page's buttons do, for any program: one JSON object to `/page/do`, whose `action` is one of
 * these. Each throws `bad_options` for a mistake.
 */
export function pageActions(
  { faults, log, plans, tenants, tokens }: FakeParts,
  state: ReturnType<typeof pageState>,
  clear: () => void,
) {
  /** By the page's number, by a selector as `revoke` takes it, or all. */
  function selected({ owner, only = {} }: Action): FakeTokenSelector {
    checkSelector(only)
    return owner === undefined ? (only as FakeTokenSelector) : knownOwner(owner)
  }

  function knownOwner(id: unknown): FakeTokenSelector {
    const owner = state.ownerOf(id)
    if (owner === undefined) throw badOption('owner', 'the number of an owner', id)
    return owner
  }

  const actions: Readonly<Record<string, (action: Action) => unknown>> = {
    revoke: (action) => tokens.end('revoked', selected(action)),
    expire: (action) => tokens.end('expired', selected(action)),
    fail({ action: _action, path = '*', times = 1, ...answer }) {
      checkNext(path, answer, times)
      plans.failNext(path as string, answer, times as number)
    },
    recover({ path }) {
      if (path !== undefined) checkPath(path)
      plans.recover(path as string | undefined)
    },
    block({ on = true }) {
      if (typeof on !== 'boolean') throw badOption('on', 'true or false', on)
      faults.isIpBlocked = on
    },
    slow({ delayMs = 0 }) {
      checkNext('*', { delayMs }, 1)
      faults.delayMs = delayMs as number
    },
    /** The one answer with a secret: whoever pushes a ticket passes it on, as the callback would. */
    ticket({ owner, suiteId = knownOwner(owner).suiteId }) {
      const isKnown = tenants.list().some((one) => one.owner.suiteId === suiteId)
      if (typeof suiteId !== 'string' || !isKnown) {
        throw badOption('suiteId', 'the id of a suite that the fake knows', suiteId)
      }
      return tenants.pushSuiteTicket(suiteId)
    },
    clear,
  }

  return function act(given: unknown): object {
    const action = Object(given) as Action
    const name = String(action.action)
    const perform = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (perform === undefined) {
      throw badOption('action', `one of ${Object.keys(actions).join(', ')}`, action.action)
    }
    const result = perform(action)
    log.changed()
    return { ok: true, ...Object(result) }
  }
}
