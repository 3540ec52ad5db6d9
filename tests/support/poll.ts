import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 20

/** Asks again and again until there is an answer other than undefined and false. What `find` throws ends it at once. */
export async function poll<T>(
  what: string,
  find: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 30_000,
): Promise<T> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    const found = await find()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadlineMs) throw new Error(`waited ${limitMs} ms in vain for ${what}`)
    await delay(EVERY_MS)
  }
}
