import type { Alert } from '../../src/events/alert.ts'
import type { Candle } from '../../src/events/candle.ts'
import type { DeadLetter } from '../../src/events/dead-letter.ts'
import type { Gap } from '../../src/events/gap.ts'
import type { Outputs } from '../../src/processors/processor.ts'

/** Keeps what a processor derives, by kind and in one list in order. */
export class CollectedOutputs implements Outputs {
  readonly candles: Candle[] = []
  readonly alerts: Alert[] = []
  readonly gaps: Gap[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly all: object[] = []

  candle(candle: Candle): void {
    this.candles.push(candle)
    this.all.push(candle)
  }

  alert(alert: Alert): void {
    this.alerts.push(alert)
    this.all.push(alert)
  }

  gap(gap: Gap): void {
    this.gaps.push(gap)
    this.all.push(gap)
  }

  deadLetter(deadLetter: DeadLetter): void {
    this.deadLetters.push(deadLetter)
    this.all.push(deadLetter)
  }

  /** The last revision of each final candle, by interval and open time. */
  finalCandles(): Map<string, Candle> {
    const latest = new Map<string, Candle>()
    for (const candle of this.candles) {
      if (candle.isFinal) latest.set(`${candle.venue}/${candle.symbol}/${candle.interval}/${candle.openTimeMs}`, candle)
    }
    return latest
  }
}
