import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder that is gone when the process of the test file ends: after every `after`, in which servers still write. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
