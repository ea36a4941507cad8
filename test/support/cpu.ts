/** The milliseconds of processor time that it takes, which does not depend on how busy the machine is. */
export function cpuMsOf(run: () => void): number {
  const before = process.cpuUsage()
  run()
  return process.cpuUsage(before).user / 1_000
}
