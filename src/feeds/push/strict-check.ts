import { FinPulseError } from '../../base/errors.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Refusal } from '../rows/market-row.ts'
import { type RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import { BatchReader } from './batch-reader.ts'
import { EventLedger } from './event-ledger.ts'
import type { PushBatch } from './push-batch.ts'
import { PushSink, type SinkContext } from './push-sink.ts'

const STEP_MAX_COUNT = 1024

/**
 * Reads a whole batch without taking anything of it.
 * @throws FinPulseError event-invalid where a line is bad
 */
export function checkAllLines(batch: PushBatch, venue: string, real: RowInstruments, context: SinkContext): void {
  const instruments = new ScratchInstruments(real)
  const sink = new PushSink(new InstrumentTable(), instruments, new EventLedger(), STEP_MAX_COUNT)
  sink.begin(context)
  const reader = new BatchReader(batch, venue, sink)
  let refusedCount = 0
  let first: { readonly line: number; readonly refusal: Refusal } | undefined
  const onRefused = (refusal: Refusal, line: number) => {
    refusedCount += 1
    first ??= { line, refusal }
  }
  while (!reader.read(onRefused)) sink.clear()
  if (first === undefined) return
  const { reason, detail } = first.refusal
  const counts = `${refusedCount} of ${reader.lineCount} lines are bad, so nothing was taken`
  throw new FinPulseError('event-invalid', `body: ${counts}; the first is line ${first.line}: ${reason}: ${detail}`)
}

/** The instruments as they are, to be changed without an effect on them. */
class ScratchInstruments extends RowInstruments {
  readonly #real: RowInstruments
  readonly #seeded = new Set<RowInstrument>()

  constructor(real: RowInstruments) {
    super(undefined)
    this.#real = real
  }

  override find(venue: string, symbol: string): RowInstrument | undefined {
    const scratch = super.find(venue, symbol)
    if (scratch === undefined || this.#seeded.has(scratch)) return scratch
    this.#seeded.add(scratch)
    const known = this.#real.find(venue, symbol)
    if (known === undefined) return undefined
    scratch.priceDecimals = known.priceDecimals
    scratch.quantityDecimals = known.quantityDecimals
    scratch.priceDigitsMax = known.priceDigitsMax
    scratch.quantityDigitsMax = known.quantityDigitsMax
    return scratch
  }
}
