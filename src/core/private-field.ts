/** A value in a private field of objects that exist already. */
export interface PrivateField<T> {
  of(object: object): T | undefined
  put(object: object, value: T): void
}

class Existing {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the field of a subclass is added to this object.
    return object
  }
}

/**
 * What a WeakMap does, for an entry on each answer: a WeakMap's entries cost more in garbage collection than
 * all else that is done to an answer.
 */
export function privateField<T>(): PrivateField<T> {
  return class Field extends Existing {
    #value: T

    private constructor(object: object, value: T) {
      super(object)
      this.#value = value
    }

    static of(object: object): T | undefined {
      return #value in object ? (object as Field).#value : undefined
    }

    static put(object: object, value: T): void {
      if (#value in object) (object as Field).#value = value
      else new Field(object, value)
    }
  }
}
