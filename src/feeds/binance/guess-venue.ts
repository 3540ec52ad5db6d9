/**
 * The Binance market that a recorded message comes from, told by marks that only some markets' messages have:
 * COIN-M futures name the pair (`ps`) of a symbol like `BTCUSD_PERP`; futures trades carry `X`, their `bookTicker` its
 * times, their `depthUpdate` the previous update id `pu`, and only futures have a mark price.
 * @returns undefined where the message bears no such mark, as on spot
 */
export function guessBinanceVenue(message: unknown): 'binance-usdm' | 'binance-coinm' | undefined {
  const outer = asObject(message)
  const data = asObject(outer?.data) ?? outer
  if (data === undefined) return undefined
  const { e: event, s: symbol, ps: pair } = data
  if (typeof pair === 'string' && typeof symbol === 'string' && /USD$/.test(pair) && symbol.startsWith(`${pair}_`)) {
    return 'binance-coinm'
  }
  const isFutures =
    (event === 'trade' && 'X' in data) ||
    (event === 'bookTicker' && ('T' in data || 'E' in data)) ||
    (event === 'depthUpdate' && 'pu' in data) ||
    event === 'markPriceUpdate'
  return isFutures ? 'binance-usdm' : undefined
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}
