import type { QuoteRow, Refusal, TradeRow } from './market-row.ts'
import type { RowInstrument, RowInstruments } from './row-instruments.ts'
import type { RowLedger } from './row-ledger.ts'
import type { StepBuilder } from './step-builder.ts'

/** Where the readers of all formats put their rows: into the present step, counted. */
export class RowSink {
  readonly instruments: RowInstruments
  readonly ledger: RowLedger
  /** Set anew for each step. */
  step: StepBuilder
  /** Event time of the last accepted trade, µs, or NaN: stands in where a spot quote has no time at all. */
  lastTradeTimeUs = Number.NaN

  constructor(instruments: RowInstruments, ledger: RowLedger, step: StepBuilder) {
    this.instruments = instruments
    this.ledger = ledger
    this.step = step
  }

  addTrade(instrument: RowInstrument, row: TradeRow): Refusal | undefined {
    const refusal = this.step.addTrade(instrument, row)
    if (refusal !== undefined) return refusal
    this.ledger.trades += 1
    this.ledger.noteTime(row.eventTimeUs)
    this.lastTradeTimeUs = row.eventTimeUs
    return undefined
  }

  addQuote(instrument: RowInstrument, row: QuoteRow): Refusal | undefined {
    const refusal = this.step.addQuote(instrument, row)
    if (refusal !== undefined) return refusal
    this.ledger.quotes += 1
    this.ledger.noteTime(row.eventTimeUs)
    return undefined
  }

  /** Counts a line that is none of the wanted events. @returns why it is bad, where the sink does not pass it over */
  passOver(kind: string): Refusal | undefined {
    this.ledger.passOver(kind)
    return undefined
  }
}

/** Reads one format, a line at a time. */
export interface LineReader {
  /** Time of arrival of the last line read, µs, or NaN where it had none. */
  readonly receivedTimeUs: number
  /**
   * Puts the line's row into the sink, or counts it as passed over. `bytes[end]` exists and is a control character.
   * Never throws for what is in the line.
   * @returns why the line is bad
   */
  readLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined
}
