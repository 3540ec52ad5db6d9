import type { PageKey } from '../../stores/market-store.ts'
import { parameterInvalid } from './problem.ts'

/** Which listing a cursor belongs to: one of another listing is refused. */
export type CursorScope = 'trades' | 'candles' | 'alerts' | 'gaps' | 'prices'

const CURSOR_PATTERN = /^(trades|candles|alerts|gaps|prices):(\d{1,16}):(\d{1,16})$/

/** The opaque form of a page key: base64url of `scope:timeUs:tieBreak`. */
export function encodeCursor(scope: CursorScope, key: PageKey | undefined): string | null {
  if (key === undefined) return null
  return Buffer.from(`${scope}:${key.timeUs}:${key.tieBreak}`).toString('base64url')
}

/** @throws FinPulseError request-invalid for anything that `encodeCursor` did not give for this listing */
export function decodeCursor(scope: CursorScope, cursor: string | undefined): PageKey | undefined {
  if (cursor === undefined) return undefined
  const match = CURSOR_PATTERN.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  const key = { timeUs: Number(match?.[2]), tieBreak: Number(match?.[3]) }
  const isOwn = match?.[1] === scope && encodeCursor(scope, key) === cursor
  if (!isOwn) throw parameterInvalid('cursor', cursor, 'the nextCursor of an earlier page of this listing')
  return key
}

/** The part of a store query that a cursor stands for. */
export function afterCursor(scope: CursorScope, cursor: string | undefined): { after?: PageKey } {
  const after = decodeCursor(scope, cursor)
  return after === undefined ? {} : { after }
}
