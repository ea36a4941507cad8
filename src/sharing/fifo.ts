/** First in, first out, without moving what is left at each turn. */
export function fifo<T>() {
  let items: T[] = []
  let first = 0
  return {
    push: (item: T) => void items.push(item),
    shift(): T | undefined {
      const item = items[first]
      if (item === undefined) return undefined
      first += 1
      // To move the rest is what makes a long array's own shift slow.
      if (first * 2 >= items.length) {
        items = items.slice(first)
        first = 0
      }
      return item
    },
  }
}
