/** What a field's value is, as JSON sees it. */
export const ABSENT = 0
export const STRING = 1
export const NUMBER = 2
export const TRUE = 3
export const FALSE = 4
export const NULL = 5
export const NESTED = 6

const KEY_COUNT = 128

/**
 * Where the values of one message's one-letter fields lie: offsets into `bytes`, indexed by the letter's code. Nothing
 * is decoded before it is asked for, and one object serves all messages.
 */
export class MessageFields {
  bytes: Uint8Array = new Uint8Array(0)
  /** For strings without the quotes. */
  readonly start = new Int32Array(KEY_COUNT)
  readonly end = new Int32Array(KEY_COUNT)
  readonly type = new Uint8Array(KEY_COUNT)

  clear(bytes: Uint8Array): void {
    this.bytes = bytes
    this.type.fill(ABSENT)
  }

  /** The value as text; empty where it is absent. */
  text(key: number): string {
    if (this.type[key] === ABSENT) return ''
    return decoder.decode(this.bytes.subarray(this.start[key]!, this.end[key]!))
  }

  isText(key: number): boolean {
    return this.type[key] === STRING || this.type[key] === NUMBER
  }

  /** The value as an integer in [0, 2^53), or NaN. */
  integer(key: number): number {
    if (!this.isText(key)) return Number.NaN
    const { bytes } = this
    const end = this.end[key]!
    let value = 0
    let index = this.start[key]!
    if (index === end || end - index > 16) return Number.NaN
    for (; index < end; index++) {
      const digit = bytes[index]! - 48
      if (digit < 0 || digit > 9) return Number.NaN
      value = value * 10 + digit
    }
    return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN
  }
}

const decoder = new TextDecoder()
