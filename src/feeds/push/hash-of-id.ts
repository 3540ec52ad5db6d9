import { createHash } from 'node:crypto'

/** 48 bits of a text's SHA-256: that a new text has the hash of one of some thousand others happens once in 10^11. */
export function hashOfId(id: string): number {
  return createHash('sha256').update(id).digest().readUIntBE(0, 6)
}
