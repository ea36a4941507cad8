/** A place in a lane. */
export interface LaneNode<T> {
  readonly item: T
  readonly lane: Lane<T>
  before: LaneNode<T> | undefined
  after: LaneNode<T> | undefined
}

/** A queue that an item leaves from anywhere, at no cost: callers abort. */
export class Lane<T> {
  head: LaneNode<T> | undefined
  size = 0
  private tail: LaneNode<T> | undefined

  add(item: T): LaneNode<T> {
    const node: LaneNode<T> = { item, lane: this, before: this.tail, after: undefined }
    if (this.tail === undefined) this.head = node
    else this.tail.after = node
    this.tail = node
    this.size += 1
    return node
  }

  remove(node: LaneNode<T>): void {
    const { before, after } = node
    this.size -= 1
    if (before === undefined) this.head = after
    else before.after = after
    if (after === undefined) this.tail = before
    else after.before = before
  }
}
