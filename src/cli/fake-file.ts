import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { readSavedFake, type SavedFake } from '../testing/page-save.js'
import { UsageError } from './arguments.js'

/** Changes of this time are written together. */
const BATCH_MS = 300

/** What an earlier run saved; nothing, if there is no such file yet. */
export async function readSaved(file: string): Promise<SavedFake | undefined> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error?.code === 'ENOENT') return undefined
    throw cannot('read', '读取', file, error)
  })
  if (text === undefined) return undefined
  try {
    return readSavedFake(text)
  } catch {
    throw new UsageError({
      en: `${file} is not a file that fake saved: delete it, or choose another --save`,
      zh: `${file} 不是 fake 保存的文件：请删除它，或换一个 --save`,
    })
  }
}

/** Writes a fake into a file, which only this user may read, now, after changes and at the end. */
export async function savedInto(file: string, snapshot: () => SavedFake) {
  let writing = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  /** Either the old file or the new one is there, whenever the process ends. */
  async function write(): Promise<void> {
    const draft = `${file}.part`
    await writeFile(draft, JSON.stringify(snapshot()), { mode: 0o600 })
    // An older draft keeps its mode.
    await chmod(draft, 0o600)
    await rename(draft, file)
  }

  function later(): void {
    timer = undefined
    writing = writing.then(write).catch(() => undefined)
  }

  await write().catch((error) => {
    throw cannot('write', '写入', file, error)
  })
  return {
    changed(): void {
      timer ??= setTimeout(later, BATCH_MS).unref()
    },
    async end(): Promise<void> {
      clearTimeout(timer)
      await writing
      await write()
    },
  }
}

function cannot(what: string, whatInChinese: string, file: string, error: unknown): UsageError {
  const { code = '' } = Object(error) as { code?: string }
  return new UsageError({
    en: `cannot ${what} ${file} (${code}): choose another --save`,
    zh: `无法${whatInChinese} ${file}（${code}）：请换一个 --save`,
  })
}
