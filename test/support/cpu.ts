/** The milliseconds of processor time that it takes; how busy the machine is makes no difference. */
export function cpuMsOf(run: () => void): number {
  const before = process.cpuUsage()
  run()
  return process.cpuUsage(before).user / 1_000
}
