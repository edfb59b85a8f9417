import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder that is gone when the process of the test file ends: after every `after`, in which servers still write. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'))
  if (folders.push(folder) === 1) {
    process.on('exit', () => {
      for (const each of folders) rmSync(each, { recursive: true, force: true })
    })
  }
  return folder
}

const folders: string[] = []
