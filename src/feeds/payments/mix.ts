import type { Random } from '../../base/random.ts'

const CHANCES = 2 ** 30

/**
 * A hash of 31 bits of two 32-bit integers: the cheapest chance that belongs to something by its numbers. With one bit
 * more, half of the results would be too large for a small integer, and allocated where the call is not inlined.
 */
export function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b)
  hash ^= hash >>> 15
  hash = Math.imul(hash ^ Math.imul(b ^ 0x165667b1, 0x27d4eb2f), 0xc2b2ae35)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0x27d4eb2f)
  return (hash ^ (hash >>> 16)) & 0x7fffffff
}

/** As `mix`, of an integer up to 2^53. */
export function mixNumber(a: number, value: number): number {
  return mix(mix(a, Math.floor(value * 2 ** -32)), value >>> 0)
}

/** A hash as a number in [0, 1). */
export function unit(hash: number): number {
  return hash * 2 ** -31
}

/**
 * A uniform number in [0, 1) with 30 bits. By way of a small integer, which unlike a fraction is returned without an
 * allocation where the call is not inlined.
 */
export function chanceOf(random: Random): number {
  return random.nextInt(CHANCES) / CHANCES
}
