export type TakerSide = 'buy' | 'sell' | 'unknown'

/** One trade, or one aggregate of consecutive trades, in public JSON. Times are in ms, with a fraction where known. */
export interface Trade {
  readonly type: 'trade'
  readonly venue: string
  readonly symbol: string
  /** Absent where the source numbers none. */
  readonly id?: number
  /** Absent for a single trade. */
  readonly lastId?: number
  readonly price: string
  readonly quantity: string
  readonly takerSide: TakerSide
  readonly eventTimeMs: number
  readonly receivedTimeMs: number
  /** Present and true where the venue leaves the trade out of its candles. */
  readonly isOffMarket?: true
}

/** Best bid and ask in public JSON. */
export interface Quote {
  readonly type: 'quote'
  readonly venue: string
  readonly symbol: string
  readonly bidPrice: string
  readonly bidQuantity: string
  readonly askPrice: string
  readonly askQuantity: string
  readonly eventTimeMs: number
  readonly receivedTimeMs: number
  /** Absent where the venue sends none. */
  readonly sequence?: number
}
