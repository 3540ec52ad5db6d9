import type { RowInstrument } from '../rows/row-instruments.ts'
import { hashOfId } from './hash-of-id.ts'
import { IdRanges, type Overflow } from './id-ranges.ts'
import type { VarintReader, VarintWriter } from './varint.ts'

/** Ranges of ids that are kept over all symbols, shared evenly; a symbol has never less than a few. */
const RANGES_MAX_COUNT = 4096
const RANGES_OF_ONE_MAX_COUNT = 1024
const RANGES_OF_ONE_MIN_COUNT = 4
/** Newest labels of markets, whose ids are texts. */
const MARKET_LABELS_MAX_COUNT = 1024
/** Sources of payments that are told apart; events of further ones are taken as they are. */
const SOURCES_MAX_COUNT = 256

/** Which events were taken, by what identifies them, so that none is taken twice. Bounded: see the constants. */
export class EventLedger {
  readonly #trades = new Map<RowInstrument, IdRanges>()
  readonly #quotes = new Map<RowInstrument, IdRanges>()
  readonly #payments = new Map<string, IdRanges>()
  readonly #paymentLabels = new Map<string, IdRanges>()
  /** Hashes of ids, oldest first. */
  readonly #marketLabels = new Set<number>()
  /** Ranges of ids that were given up, since the start. */
  forgottenCount = 0

  tradesOf(instrument: RowInstrument): IdRanges {
    return idsOf(this.#trades, instrument)
  }

  quotesOf(instrument: RowInstrument): IdRanges {
    return idsOf(this.#quotes, instrument)
  }

  /** @returns undefined where there are too many sources */
  paymentsOf(source: string): IdRanges | undefined {
    return idsOfSource(this.#payments, source)
  }

  /** As `paymentsOf`, by the id of the payment that is labelled. */
  paymentLabelsOf(source: string): IdRanges | undefined {
    return idsOfSource(this.#paymentLabels, source)
  }

  /** @returns false where it was noted before */
  noteMarketLabel(id: string): boolean {
    const hash = hashOfId(id)
    if (this.#marketLabels.has(hash)) return false
    this.#marketLabels.add(hash)
    if (this.#marketLabels.size <= MARKET_LABELS_MAX_COUNT) return true
    const [oldest] = this.#marketLabels
    this.#marketLabels.delete(oldest!)
    this.forgottenCount += 1
    return true
  }

  /** Also gives up what is too much. */
  write(writer: VarintWriter): void {
    // An old trade may be news, so its id is forgotten; an old quote is not, so it counts as seen.
    this.#writeInstruments(this.#trades, 'forget', writer)
    this.#writeInstruments(this.#quotes, 'merge', writer)
    this.#writeSources(this.#payments, writer)
    this.#writeSources(this.#paymentLabels, writer)
    writer.uint(this.#marketLabels.size)
    for (const hash of this.#marketLabels) writer.uint(hash)
  }

  #writeInstruments(all: Map<RowInstrument, IdRanges>, overflow: Overflow, writer: VarintWriter): void {
    // One that has no index yet has no event either.
    const known = [...all].filter(([{ index }]) => index >= 0)
    writer.uint(known.length)
    for (const [{ index }, ids] of known) {
      writer.uint(index)
      this.#writeIds(ids, all.size, overflow, writer)
    }
  }

  #writeSources(all: Map<string, IdRanges>, writer: VarintWriter): void {
    writer.uint(all.size)
    for (const [source, ids] of all) {
      writer.text(source)
      this.#writeIds(ids, all.size, 'forget', writer)
    }
  }

  #writeIds(ids: IdRanges, shareCount: number, overflow: Overflow, writer: VarintWriter): void {
    const share = Math.floor(RANGES_MAX_COUNT / shareCount)
    const maxCount = Math.max(RANGES_OF_ONE_MIN_COUNT, Math.min(RANGES_OF_ONE_MAX_COUNT, share))
    const trimmedCount = ids.trim(maxCount, overflow)
    if (overflow === 'forget') this.forgottenCount += trimmedCount
    ids.write(writer)
  }

  /** @param instruments by index */
  read(reader: VarintReader, instruments: readonly RowInstrument[]): void {
    for (const all of [this.#trades, this.#quotes]) {
      for (let count = reader.uint(); count > 0; count--) {
        const instrument = instruments[reader.uint()]!
        all.set(instrument, IdRanges.read(reader))
      }
    }
    for (const all of [this.#payments, this.#paymentLabels]) {
      for (let count = reader.uint(); count > 0; count--) all.set(reader.text(), IdRanges.read(reader))
    }
    for (let count = reader.uint(); count > 0; count--) this.#marketLabels.add(reader.uint())
  }
}

function idsOf<K>(all: Map<K, IdRanges>, key: K): IdRanges {
  const known = all.get(key)
  if (known !== undefined) return known
  const ids = new IdRanges()
  all.set(key, ids)
  return ids
}

function idsOfSource(all: Map<string, IdRanges>, source: string): IdRanges | undefined {
  return all.has(source) || all.size < SOURCES_MAX_COUNT ? idsOf(all, source) : undefined
}
