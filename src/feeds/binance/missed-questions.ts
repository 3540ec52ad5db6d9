import type { BinanceSettings } from './binance-options.ts'
import type { TradeMark } from './trade-mark.ts'

/** What came of a symbol while nothing followed it? */
export interface Question {
  readonly symbol: string
  /** Not to be asked, or answered by `told`, before; Infinity while nothing follows the symbol: more may be missed yet. */
  dueUs: number
  /** The first trade that came since by itself, if any: then nobody needs to be asked. */
  seen: TradeMark | undefined
  /** The newest trade as REST has told. */
  told: TradeMark | undefined
  /** Whether the venue is to be asked about this symbol by itself: what it tells of many is not enough. */
  isAlone: boolean
  attemptCount: number
}

/** What is due next. `none`: nothing to be asked before that time. */
export interface NextQuestions {
  readonly kind: 'many' | 'one' | 'none'
  readonly questions: readonly Question[]
  readonly dueUs: number
}

/** Open questions, at most one a symbol, and in which way each is asked at the least weight. Pure: times are arguments. */
export class MissedQuestions {
  readonly #symbolMaxCount: number
  /** From as many symbols on, a request for many weighs less than one for each. */
  readonly #manyMinCount: number
  readonly #questions = new Map<string, Question>()

  constructor({ facts, tradeStream }: Pick<BinanceSettings, 'facts' | 'tradeStream'>) {
    const { weights, tickers } = facts
    const weightOfOne = tradeStream === 'trade' ? weights.trades : weights.aggTrades
    this.#symbolMaxCount = tickers.symbolMaxCount
    this.#manyMinCount = Math.floor(tickers.weight / weightOfOne) + 1
  }

  get count(): number {
    return this.#questions.size
  }

  of(symbol: string): Question | undefined {
    return this.#questions.get(symbol)
  }

  all(): readonly Question[] {
    return [...this.#questions.values()]
  }

  /** What was asked of the symbol before counts no more. */
  raise(symbol: string): void {
    const dueUs = Number.POSITIVE_INFINITY
    this.#questions.set(symbol, { symbol, dueUs, seen: undefined, told: undefined, isAlone: false, attemptCount: 0 })
  }

  delete(symbol: string): void {
    this.#questions.delete(symbol)
  }

  /** Undefined where no question is open. Those for many go first: they tell which others are left. */
  next(nowUs: number): NextQuestions | undefined {
    const all = this.all()
    if (all.length === 0) return undefined
    const due = all.filter(({ dueUs, told }) => dueUs <= nowUs && told === undefined)
    const together = due.filter(({ isAlone }) => !isAlone)
    if (together.length >= this.#manyMinCount) {
      return { kind: 'many', questions: together.slice(0, this.#symbolMaxCount), dueUs: nowUs }
    }
    if (due.length > 0) return { kind: 'one', questions: due.slice(0, 1), dueUs: nowUs }
    return { kind: 'none', questions: [], dueUs: Math.min(...all.map(({ dueUs }) => dueUs)) }
  }
}
