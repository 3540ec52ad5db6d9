import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

/** A new directory; `removeTempDirectories` in `afterEach` takes it away. */
export function tempDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'finpulse-test-'))
  made.push(path)
  return path
}

export async function removeTempDirectories(): Promise<void> {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true, maxRetries: 3 })
}
