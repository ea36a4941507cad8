import { tmpdir } from 'node:os'
import type { Line } from '../../src/cli/doctor/line.js'
import { run } from './terminal.js'

/** Long enough to be looked for in every output. */
export const PLANTED = 'planted-secret-that-is-as-long-as-a-real-one'
export const APP = { corpId: 'ww-doctor', corpSecret: PLANTED }
export const APP_ENV = { WECOM_CORPID: APP.corpId, WECOM_CORPSECRET: APP.corpSecret }

/** The doctor's finding. */
export interface Diagnosis {
  readonly exitCode: number
  readonly lines: readonly Line[]
  /** The line of a check; `undefined` if it was not reached. */
  line(check: string): Line | undefined
  /** The checks that failed. */
  readonly failed: readonly string[]
}

/** Runs the doctor in a folder without a project. No output of it may show the secret. */
export async function diagnose(
  env: Readonly<Record<string, string>>,
  { args = [], cwd = tmpdir() }: { args?: readonly string[]; cwd?: string } = {},
): Promise<Diagnosis> {
  const { exitCode, stdout, stderr } = await run(['doctor', '--json', ...args], { env, cwd })
  if ((stdout + stderr).includes('planted')) throw new Error('the doctor printed a secret')
  if (stderr !== '') throw new Error(stderr)
  const { ok, checks: lines }: { ok: boolean; checks: Line[] } = JSON.parse(stdout)
  if (ok !== (exitCode === 0)) throw new Error('ok and the exit code disagree')
  return {
    exitCode,
    lines,
    line: (check) => lines.find((line) => line.check === check),
    failed: lines.filter(({ status }) => status === 'fail').map(({ check }) => check),
  }
}
