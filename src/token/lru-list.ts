/** An entry, linked to the ones that were used before and after it. */
export interface LruEntry {
  older: LruEntry | undefined
  newer: LruEntry | undefined
}

/** Entries in the order in which they were last used. */
export function lruList<Item extends LruEntry>() {
  let oldest: LruEntry | undefined
  let newest: LruEntry | undefined

  function remove(item: Item): void {
    const { older, newer } = item
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
    item.older = undefined
    item.newer = undefined
  }

  function add(item: Item): void {
    item.older = newest
    if (newest === undefined) oldest = item
    else newest.newer = item
    newest = item
  }

  return {
    add,
    remove,
    /** Makes it the most recently used. */
    touch(item: Item): void {
      if (item === newest) return
      remove(item)
      add(item)
    },
    /** Starts with the least recently used. */
    *fromOldest(): Generator<Item> {
      for (let item = oldest; item !== undefined; item = item.newer) yield item as Item
    },
  }
}
