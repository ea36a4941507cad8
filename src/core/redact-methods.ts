/** Methods that say how an object is printed. */
const PRINTING = ['toJSON', 'toString', Symbol.for('nodejs.util.inspect.custom')]

/** Private fields are seen by such methods alone: one that shows what was taken out is replaced. */
export function cleanPrinting(
  object: object,
  shown: object,
  { shows, clean }: { shows(result: unknown): boolean; clean(result: unknown): unknown },
): void {
  // Axios' own errors print what was cleaned already, in a deep copy that costs.
  if (Reflect.get(object, 'isAxiosError') === true) return
  for (const key of PRINTING) {
    const method: unknown = Reflect.get(object, key)
    if (typeof method !== 'function' || isOfTheLanguage(method)) continue
    const printedBy = (...args: unknown[]): unknown => Reflect.apply(method, object, args)
    if (!shows(resultOf(printedBy))) continue
    const value = (...args: unknown[]) => clean(printedBy(...args))
    Reflect.defineProperty(shown, key, { value, writable: true, configurable: true })
  }
}

function isOfTheLanguage(method: unknown): boolean {
  const { toString: ofObjects } = Object.prototype
  return [ofObjects, Error.prototype.toString, Array.prototype.toString].includes(method as never)
}

function resultOf(method: (...args: unknown[]) => unknown): unknown {
  try {
    // As `inspect` calls it: depth, options, and inspect itself.
    return method(2, {}, (value: unknown) => value)
  } catch {
    return undefined
  }
}
