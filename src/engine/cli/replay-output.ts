import type { WriteStream } from 'node:tty'
import type { FinPulseError } from '../../base/errors.ts'
import type { DeadLetter } from '../../events/dead-letter.ts'
import type { Interval } from '../../events/interval.ts'
import { quoteAt } from '../../events/json.ts'
import { MarketLines } from '../../events/market-lines.ts'
import { type ReplayOptions, ReplayReader, type ReplayStep } from '../../feeds/replay/replay-reader.ts'
import { MarketProcessor } from '../../processors/market-processor.ts'
import type { Outputs } from '../../processors/processor.ts'
import { OutputLines } from './output-lines.ts'
import { readableSteps } from './readable-steps.ts'
import { ReplayProgress, replaySummary } from './replay-report.ts'

export const EMIT_KINDS = ['trades', 'quotes', 'candles', 'alerts', 'gaps'] as const
export type EmitKind = (typeof EMIT_KINDS)[number]

export interface ReplayOutputOptions {
  readonly input: Omit<ReplayOptions, 'instruments' | 'startAt' | 'batchMaxCount'>
  readonly emit: ReadonlySet<EmitKind>
  readonly intervals: ReadonlySet<Interval>
  readonly finalOnly: boolean
}

/** Provisional candles are given as often as Binance gives them. */
const PROVISIONAL_EVERY_US = 2_000_000
/** Dead letters shown in words; all are counted in the summary. */
const SHOWN_DEAD_LETTERS_MAX_COUNT = 20

/**
 * Runs recordings through the processors and writes what was asked for as NDJSON on standard output.
 * @returns false where an input could not be read to its end
 */
export async function replayToOutput(options: ReplayOutputOptions): Promise<boolean> {
  const startedMs = performance.now()
  const lines = new OutputLines(process.stdout)
  const outputs = emittingOutputs(options, lines)
  const provisionalEveryUs = options.finalOnly || !options.emit.has('candles') ? 0 : PROVISIONAL_EVERY_US
  const processor = new MarketProcessor({ provisionalEveryUs }, outputs)
  const reader = await ReplayReader.open({ ...options.input, instruments: processor.instruments })
  const marketLines = new MarketLines(processor.instruments)
  const progress = process.stderr.isTTY ? new ReplayProgress(process.stderr as WriteStream, reader) : undefined
  const say = (text: string) => (progress === undefined ? process.stderr.write(`${text}\n`) : progress.print(text))
  let isComplete = true
  let shownCount = 0
  const showDeadLetters = (letters: readonly DeadLetter[]) => {
    for (const letter of letters) {
      if (shownCount++ < SHOWN_DEAD_LETTERS_MAX_COUNT) say(`${letter.source}: ${letter.reason}: ${letter.detail}`)
    }
  }
  const leaveBehind = (failure: FinPulseError) => {
    isComplete = false
    say(`finpulse: ${failure.message}`)
  }
  for await (const step of readableSteps(reader, leaveBehind)) {
    emitRows(step, options.emit, marketLines, lines)
    processor.onTrades(step.trades)
    showDeadLetters(reader.drainDeadLetters())
    await lines.flush()
    if (lines.isClosed) break
  }
  processor.finish()
  await lines.flush(true)
  showDeadLetters(reader.drainDeadLetters())
  progress?.close()
  const elapsedMs = performance.now() - startedMs
  process.stderr.write(replaySummary(reader.counts, processor, elapsedMs))
  await reader.close()
  return isComplete
}

function emitRows(step: ReplayStep, emit: ReadonlySet<EmitKind>, marketLines: MarketLines, lines: OutputLines): void {
  if (emit.has('trades')) lines.addBytes(marketLines.ndjson(step.trades))
  if (emit.has('quotes')) {
    for (let row = 0; row < step.quotes.count; row++) lines.add(JSON.stringify(quoteAt(step.quotes, row)))
  }
}

function emittingOutputs({ emit, intervals, finalOnly }: ReplayOutputOptions, lines: OutputLines): Outputs {
  return {
    candle(candle) {
      if (!emit.has('candles') || !intervals.has(candle.interval)) return
      if (candle.isFinal || !finalOnly) lines.add(JSON.stringify(candle))
    },
    alert(alert) {
      if (emit.has('alerts')) lines.add(JSON.stringify(alert))
    },
    gap(gap) {
      if (emit.has('gaps')) lines.add(JSON.stringify(gap))
    },
    deadLetter() {
      // Late trades are in the summary's count.
    },
  }
}
