import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PieceMaker } from './piece-maker.ts'

/** How long the way over events takes at a time, ms: in between signals are heard and bars are drawn. */
const TURN_MS = 20

/**
 * Takes a maker over the events before one, which may be the work of minutes, in turns.
 * @param isCalledOff asked between two turns
 * @param onTurn is told the part of the way that lies behind, 1 at its end
 */
export async function goOver(
  maker: PieceMaker,
  index: number,
  isCalledOff: () => boolean,
  onTurn: (part: number) => void,
): Promise<void> {
  let endMs = performance.now() + TURN_MS
  const isTurnOver = () => performance.now() >= endMs
  for (let part = 0; part < 1 && !isCalledOff(); endMs = performance.now() + TURN_MS) {
    part = maker.skipTo(index, isTurnOver)
    onTurn(part)
    if (part < 1) await nextTurn()
  }
}
