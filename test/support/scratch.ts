import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** A new folder that is gone when the tests of the file (or suite) are done. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
