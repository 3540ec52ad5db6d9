import { FinPulseError } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { DEAD_LETTER_SAMPLE_MAX_LENGTH, type DeadLetter } from '../../events/dead-letter.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { createTradeRow, type Refusal } from '../rows/market-row.ts'
import { RowInstruments } from '../rows/row-instruments.ts'
import { StepBuilder } from '../rows/step-builder.ts'
import { type AlphaVantageSettings, API_KEY_VARIABLE, VENUE } from './alpha-vantage-options.ts'
import { type Answer, classifyAnswer, type ErrorKind, type JsonObject } from './classify-answer.ts'
import type { KeyRedactor } from './key-redactor.ts'
import type { SymbolMemory } from './poll-position.ts'
import type { QuotaBudget } from './quota-budget.ts'
import { newBars, type SeenQuote, tradeFromBar, tradeFromQuote } from './trades-from-answer.ts'

export interface AnswerTakerOptions {
  readonly settings: AlphaVantageSettings
  readonly logger: Logger
  readonly budget: QuotaBudget
  readonly redactor: KeyRedactor
}

/** Why a symbol is no longer asked for. */
export type GivenUp = 'bad-call' | 'premium-only'

/** Turns the vendor's answers into trades, and acts on its errors. */
export class AnswerTaker {
  readonly step: StepBuilder
  readonly dropped: Record<string, number> = {}
  readonly givenUp = new Map<string, GivenUp>()
  readonly memories = new Map<string, SymbolMemory>()
  lastError: string | null = null
  deadLetters: DeadLetter[] = []
  readonly #options: AnswerTakerOptions
  readonly #table = new InstrumentTable()
  readonly #instruments = new RowInstruments(undefined)
  readonly #row = createTradeRow()

  constructor(options: AnswerTakerOptions) {
    this.#options = options
    this.step = new StepBuilder(this.#table, options.settings.limits.barsMaxCount)
  }

  /** Goes on with what an earlier start knew of a symbol. */
  restore(symbol: string, memory: SymbolMemory): void {
    this.#table.register(VENUE, symbol, memory.priceDecimals, memory.quantityDecimals)
    this.memories.set(symbol, memory)
  }

  beginStep(): void {
    this.step.trades.count = 0
    this.step.trades.watermarkUs = -1
    this.step.quotes.count = 0
    this.deadLetters = []
    this.step.syncDecimals(this.#instruments.all())
  }

  /** @throws FinPulseError config-invalid where the vendor refuses the key */
  take(symbol: string, body: string, receivedTimeUs: number): void {
    const answer = classifyAnswer(body)
    if (answer.kind === 'quote') this.#takeQuote(symbol, answer.quote, receivedTimeUs)
    else if (answer.kind === 'bars') this.#takeBars(symbol, answer, receivedTimeUs)
    else if (answer.kind === 'empty') this.count('empty-quote')
    else this.#takeError(symbol, answer.kind, answer.text, receivedTimeUs)
  }

  count(reason: string, by = 1): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + by
  }

  #takeQuote(symbol: string, quote: JsonObject, receivedTimeUs: number): void {
    const reading = tradeFromQuote(quote, this.memories.get(symbol)?.quote, receivedTimeUs, this.#row)
    this.lastError = null
    if (reading === 'unchanged' || reading === 'stale') this.count(`${reading}-quote`)
    else if ('reason' in reading) this.#refuse(reading, JSON.stringify(quote), receivedTimeUs)
    else this.#add(symbol, { quote: reading }, JSON.stringify(quote))
  }

  #takeBars(symbol: string, answer: Extract<Answer, { kind: 'bars' }>, nowUs: number): void {
    const { barMinutes, limits } = this.#options.settings
    const barUs = barMinutes * 60_000_000
    const afterUs = this.memories.get(symbol)?.lastBarUs ?? -1
    const { bars, refusals } = newBars(answer.meta, answer.bars, { afterUs, nowUs, barUs })
    this.lastError = null
    for (const refusal of refusals.slice(0, limits.barsMaxCount)) {
      this.#refuse(refusal, JSON.stringify(answer.meta), nowUs)
    }
    const tooManyCount = Math.max(0, bars.length - limits.barsMaxCount)
    if (tooManyCount > 0) this.count('bars-beyond-maximum', tooManyCount)
    for (const bar of bars.slice(tooManyCount)) {
      const reading = tradeFromBar(bar, barUs, nowUs, this.#row)
      const sample = JSON.stringify(bar.values) ?? ''
      if (reading === 'trade') this.#add(symbol, { lastBarUs: bar.startUs }, sample)
      else {
        if (reading === 'no-volume') this.count('bar-without-volume')
        else this.#refuse(reading, sample, nowUs)
        this.#remember(symbol, { lastBarUs: bar.startUs })
      }
    }
  }

  #add(symbol: string, seen: { readonly quote: SeenQuote } | { readonly lastBarUs: number }, sample: string): void {
    const instrument = this.#instruments.find(VENUE, symbol)!
    const refusal = this.step.addTrade(instrument, this.#row)
    if (refusal !== undefined) this.#refuse(refusal, sample, this.#row.receivedTimeUs)
    this.#remember(symbol, seen)
  }

  #remember(symbol: string, seen: Pick<SymbolMemory, 'quote' | 'lastBarUs'>): void {
    const index = this.#table.find(VENUE, symbol)
    const { priceDecimals = 0, quantityDecimals = 0 } = index === undefined ? {} : this.#table.at(index)
    this.memories.set(symbol, { ...seen, priceDecimals, quantityDecimals })
  }

  #takeError(symbol: string, kind: ErrorKind, text: string, receivedTimeUs: number): void {
    const { budget, redactor, settings, logger } = this.#options
    const said = redactor.redact(text).slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH)
    this.count(kind)
    this.lastError = `${symbol}: ${kind}: ${said}`
    switch (kind) {
      case 'daily-limit':
        budget.stopDay(receivedTimeUs)
        logger.warn(
          { said },
          "alpha-vantage feed: the vendor's daily limit is reached, nothing is asked until tomorrow",
        )
        return
      case 'minute-limit':
        budget.block(receivedTimeUs + settings.limits.minuteLimitWaitMs * 1000)
        logger.debug({ said }, "alpha-vantage feed: the vendor's limit of a minute is reached")
        return
      case 'premium-only':
        // It is the function that costs, not the symbol: the others would be refused one by one.
        for (const each of settings.symbols) this.givenUp.set(each, this.givenUp.get(each) ?? kind)
        logger.warn({ said }, `alpha-vantage feed: ${settings.function} is for premium keys only and is given up`)
        return
      case 'invalid-key':
        throw new FinPulseError('config-invalid', `${API_KEY_VARIABLE}: the vendor refuses the key: ${said}`)
      case 'bad-call':
        this.givenUp.set(symbol, kind)
        logger.warn({ symbol, said }, 'alpha-vantage feed: the vendor does not know this symbol, it is given up')
        return
      case 'malformed':
      case 'unknown-shape':
        this.#letter({ reason: kind, detail: `answer: expected a quote or bars for ${symbol}` }, said, receivedTimeUs)
    }
  }

  #refuse(refusal: Refusal, input: string, receivedTimeUs: number): void {
    this.count(refusal.reason)
    this.#letter(refusal, input, receivedTimeUs)
  }

  #letter({ reason, detail }: Refusal, input: string, receivedTimeUs: number): void {
    const { redactor } = this.#options
    this.deadLetters.push({
      type: 'dead-letter',
      reason,
      detail: redactor.redact(detail),
      source: VENUE,
      receivedTimeMs: receivedTimeUs / 1000,
      sample: redactor.redact(input).slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH),
    })
  }
}
