/*
 * How far a price is moved at a part `x` of its stretch, 0 to 1 of the magnitude. Every shape begins near 0 and is back
 * at 0 when its stretch ends: outside of it the market is as it would have been. `form` is what differs from stretch to
 * stretch.
 */

export type Form = readonly [number, number, number]

/** Down ever faster, most of the way back in a while, the rest slowly. */
export function crashShape(x: number, [turn, recovery]: Form): number {
  const bottom = 0.15 + 0.2 * turn
  if (x < bottom) return (x / bottom) ** 1.7
  const held = 0.1 + 0.25 * recovery
  const back = 0.45 * (1 - bottom)
  const after = x - bottom
  if (after < back) return held + (1 - held) * (1 - after / back) ** 2
  return held * (1 - (after - back) / (1 - bottom - back))
}

/** There at once, stays, and is gone nearly as fast. */
export function spikeShape(x: number, [attack, release]: Form): number {
  const begun = 0.01 + 0.05 * attack
  const ending = 0.85 + 0.1 * release
  if (x < begun) return x / begun
  return x < ending ? 1 : (1 - x) / (1 - ending)
}

/** A rise that feeds itself, then a fall in a fraction of the time. */
export function pumpShape(x: number, [turn, curve]: Form): number {
  const top = 0.7 + 0.15 * turn
  if (x < top) return (x / top) ** (1.2 + curve)
  return (1 - (x - top) / (1 - top)) ** 1.5
}
