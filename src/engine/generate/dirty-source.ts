import { FinPulseError } from '../../base/errors.ts'
import { Random } from '../../base/random.ts'
import type { EventSource } from './event-source.ts'

/** What may happen to an event on its way, in the order in which it is drawn. */
export const DIRTY_KINDS = ['missing', 'duplicate', 'late', 'malformed', 'oversized'] as const
export type DirtyKind = (typeof DIRTY_KINDS)[number]
/** Part of the events that each happens to, 0 to 0.5. */
export type DirtyRates = Readonly<Partial<Record<DirtyKind, number>>>

const DIRTY_STREAM = 0x64697274
/** A late event comes after so many of those behind it, at most. */
const LATE_MAX_COUNT = 32
/** Longer than any reader of lines should take. */
const OVERSIZED_BYTES = 2 << 20
const NEWLINE = 10
const SPACE = 32

interface HeldLine {
  readonly dueIndex: number
  readonly line: Uint8Array
}

/**
 * Spoils some of the lines of a source that gives one line an event: what happens to an event follows from the seed and
 * its index, so a dirty stream too is the same whole and in pieces. Late lines keep their event times: they come out of
 * order, not changed.
 */
export class DirtySource implements EventSource {
  readonly header: Uint8Array
  readonly #source: EventSource
  readonly #seed: number
  readonly #rates: DirtyRates
  readonly #random = new Random(0)
  readonly #spoiled: Record<DirtyKind, number> = { missing: 0, duplicate: 0, late: 0, malformed: 0, oversized: 0 }
  #held: HeldLine[] = []
  #index = 0

  constructor(source: EventSource, seed: number, rates: DirtyRates) {
    checkRates(rates)
    this.#source = source
    this.#seed = seed
    this.#rates = rates
    this.header = source.header
  }

  get index(): number {
    return this.#index
  }

  get counts(): Readonly<Record<string, number>> {
    return { ...this.#source.counts, ...this.#spoiled }
  }

  /** Lines before `index` that come late come after it, so those shortly before are made once more. */
  skipTo(index: number): void {
    const from = Math.max(0, index - LATE_MAX_COUNT)
    this.#source.skipTo(from)
    this.#index = from
    while (this.#index < index) this.next(index)
    for (const kind of DIRTY_KINDS) this.#spoiled[kind] = 0
  }

  next(endIndex: number): Uint8Array {
    const bytes = this.#source.next(endIndex)
    const pieces: Uint8Array[] = []
    let start = 0
    while (start < bytes.length) {
      const end = bytes.indexOf(NEWLINE, start) + 1
      this.#pass(bytes.subarray(start, end), pieces)
      start = end
    }
    return Buffer.concat(pieces)
  }

  #pass(line: Uint8Array, pieces: Uint8Array[]): void {
    const index = this.#index++
    const kind = this.#draw(index)
    if (kind !== undefined) this.#spoiled[kind] += 1
    if (kind === 'late') {
      const dueIndex = index + 1 + this.#random.nextInt(LATE_MAX_COUNT - 1)
      this.#held.push({ dueIndex, line: line.slice() })
    } else if (kind !== 'missing') {
      pieces.push(kind === undefined ? line : this.#spoil(kind, line))
    }
    const due = this.#held.filter((held) => held.dueIndex <= index)
    if (due.length === 0) return
    this.#held = this.#held.filter((held) => held.dueIndex > index)
    pieces.push(...due.map((held) => held.line))
  }

  #draw(index: number): DirtyKind | undefined {
    this.#random.reseed(this.#seed, DIRTY_STREAM, index)
    let drawn = this.#random.next()
    for (const kind of DIRTY_KINDS) {
      drawn -= this.#rates[kind] ?? 0
      if (drawn < 0) return kind
    }
    return undefined
  }

  #spoil(kind: 'duplicate' | 'malformed' | 'oversized', line: Uint8Array): Uint8Array {
    if (kind === 'duplicate') return Buffer.concat([line, line])
    if (kind === 'oversized') {
      return Buffer.concat([Buffer.alloc(OVERSIZED_BYTES, SPACE), line])
    }
    // Torn off somewhere in the middle, as by a writer that was stopped.
    const length = 1 + this.#random.nextInt(Math.max(1, line.length - 3))
    return Buffer.concat([line.subarray(0, length), Buffer.from('\n')])
  }
}

/** Reads `late=1%,duplicate=0.001`. @throws FinPulseError config-invalid */
export function parseDirtyRates(text: string, flag: string): DirtyRates {
  const rates: Partial<Record<DirtyKind, number>> = {}
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.trim().split('=')
    const kind = DIRTY_KINDS.find((known) => known === name)
    const rate = value.endsWith('%') ? Number(value.slice(0, -1)) / 100 : Number(value)
    if (kind === undefined || value === '' || !Number.isFinite(rate)) {
      const example = 'late=1%,duplicate=0.1%'
      throw new FinPulseError(
        'config-invalid',
        `${flag}: expected ${DIRTY_KINDS.join(', ')}, as in ${example}, got "${part}"`,
      )
    }
    rates[kind] = rate
  }
  checkRates(rates)
  return rates
}

function checkRates(rates: DirtyRates): void {
  for (const [kind, rate] of Object.entries(rates)) {
    if (!(rate >= 0 && rate <= 0.5)) {
      throw new FinPulseError('config-invalid', `dirty ${kind}: expected 0 to 50 %, got ${rate * 100} %`)
    }
  }
}
