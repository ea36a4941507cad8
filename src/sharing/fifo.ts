/** A queue whose `shift` does not move the remaining items each time. */
export function fifo<T>() {
  let items: T[] = []
  let first = 0
  return {
    push: (item: T) => void items.push(item),
    shift(): T | undefined {
      const item = items[first]
      if (item === undefined) return undefined
      first += 1
      // An array's own `shift` moves all remaining items, which is slow for a long queue.
      if (first * 2 >= items.length) {
        items = items.slice(first)
        first = 0
      }
      return item
    },
  }
}
