const TURNS = 10

/**
 * At least so many milliseconds, and thirty turns of the event loop: whatever is in flight inside this
 * process arrives meanwhile, also on a busy machine.
 */
export async function atLeast(ms: number): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, ms / TURNS))
}
