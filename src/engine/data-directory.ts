import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { FinPulseError, messageOf } from '../base/errors.ts'

/**
 * Makes a directory and those above it. One after the other, because Node's own way does not come back from a file
 * system that has no new directories, such as /proc.
 * @throws FinPulseError config-invalid where it cannot be made
 */
export function makeDataDirectory(path: string): void {
  const missing: string[] = []
  for (let at = resolve(path); !isDirectory(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at)
  try {
    for (const directory of missing) makeOne(directory)
  } catch (error) {
    const text = `--data-dir: cannot create ${path}: ${messageOf(error)}`
    throw new FinPulseError('config-invalid', text, { cause: error })
  }
}

function makeOne(directory: string): void {
  try {
    mkdirSync(directory)
  } catch (error) {
    // Another process may have been first.
    if (!isDirectory(directory)) throw error
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Whatever it is that hides it says so again when it is made.
    return false
  }
}
