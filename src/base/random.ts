/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018),
 * seeded by SplitMix-style mixing so that (seed, stream) pairs give independent streams. Not for cryptography.
 */
export class Random {
  readonly #state = new Uint32Array(4)
  #spareNormal = Number.NaN

  constructor(seed: number, stream = 0) {
    let mixed = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0
    for (let word = 0; word < 4; word++) {
      mixed = (mixed + 0x9e3779b9) >>> 0
      this.#state[word] = mix32(mixed ^ Math.imul(Math.floor(seed / 2 ** 32) + word, 0x85ebca6b))
    }
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1
  }

  /**
   * Begins the sequence of (seed, stream, counter): any of them may be begun anywhere, without the ones before. So what
   * is drawn for the n-th block of an entity is the same wherever and in whatever order blocks are made.
   */
  reseed(seed: number, stream: number, counter: number): void {
    this.#spareNormal = Number.NaN
    const seedHigh = Math.floor(seed / 2 ** 32)
    const counterHigh = Math.floor(counter / 2 ** 32)
    const entity = mix32(mix32(stream ^ Math.imul(seedHigh, 0x85ebca6b)) + Math.imul(counterHigh, 0x27d4eb2f))
    let mixed = mix32(seed ^ Math.imul(entity, 0x9e3779b9)) ^ mix32(counter + entity)
    for (let word = 0; word < 4; word++) {
      mixed = (mixed + 0x9e3779b9) | 0
      this.#state[word] = mix32(mixed)
    }
    // No closure here: this is called for every event of some worlds.
    const state = this.#state
    if ((state[0]! | state[1]! | state[2]! | state[3]!) === 0) state[0] = 1
  }

  /** A uniform integer in [0, 2^32). */
  nextUint32(): number {
    const state = this.#state
    const result = Math.imul(rotateLeft(Math.imul(state[1]!, 5), 7), 9) >>> 0
    const shifted = state[1]! << 9
    state[2]! ^= state[0]!
    state[3]! ^= state[1]!
    state[1]! ^= state[2]!
    state[0]! ^= state[3]!
    state[2]! ^= shifted
    state[3] = rotateLeft(state[3]!, 11)
    return result
  }

  /** The next `count` numbers of `nextUint32`, faster than one by one. */
  fillUint32(into: Uint32Array, count: number): void {
    const state = this.#state
    let a = state[0]! | 0
    let b = state[1]! | 0
    let c = state[2]! | 0
    let d = state[3]! | 0
    for (let index = 0; index < count; index++) {
      const product = Math.imul(b, 5)
      into[index] = Math.imul((product << 7) | (product >>> 25), 9)
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = (d << 11) | (d >>> 21)
    }
    state[0] = a
    state[1] = b
    state[2] = c
    state[3] = d
  }

  /** A uniform number in [0, 1), with 32 bits of resolution. */
  next(): number {
    return this.nextUint32() * 2 ** -32
  }

  /** A uniform integer in [0, bound); `bound` is at most 2^32. */
  nextInt(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** A standard normal number, by Marsaglia's polar method. */
  nextNormal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal
      this.#spareNormal = Number.NaN
      return spare
    }
    for (;;) {
      const u = 2 * this.next() - 1
      const v = 2 * this.next() - 1
      const square = u * u + v * v
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * Math.log(square)) / square)
        this.#spareNormal = v * scale
        return u * scale
      }
    }
  }

  /** The whole state: five numbers that `restore` takes back. */
  save(): number[] {
    return [...this.#state, this.#spareNormal]
  }

  restore(saved: readonly (number | null)[]): void {
    for (let word = 0; word < 4; word++) this.#state[word] = saved[word] ?? 0
    // JSON writes NaN as null.
    this.#spareNormal = saved[4] ?? Number.NaN
  }
}

function rotateLeft(value: number, bits: number): number {
  return ((value << bits) | (value >>> (32 - bits))) >>> 0
}

/** The finaliser of MurmurHash3. */
function mix32(value: number): number {
  let mixed = value >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** A 32-bit hash of a text (FNV-1a), the same on every machine: partitioning and per-symbol streams rest on it. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return mix32(hash)
}
