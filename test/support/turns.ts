const TURNS = 10

/**
 * So many milliseconds at least, and thirty turns of the event loop: whatever is on its way inside this
 * process arrives meanwhile, also where the machine has no time for it.
 */
export async function atLeast(ms: number): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, ms / TURNS))
}
