import { hashText } from '../../base/random.ts'
import { CRYPTO_PROFILE, EQUITY_PROFILE } from './world/market-profile.ts'
import type { WorldSymbol } from './world/market-world.ts'

export const SIMULATOR_VENUE = 'sim'
const MINUTES_PER_YEAR = 365 * 1440
/** A share's price moves in cents. */
const TICK_SIZE = 0.01

export interface SymbolPreset {
  readonly symbol: string
  /** Price at the very start, in the quote currency. */
  readonly price: number
  /** Standard deviation of the yearly log return: 0.3 is 30 %. */
  readonly annualVolatility: number
}

/** The ten symbols of the default market. Prices are round starting points, not quotations. */
export const DEFAULT_SYMBOLS: readonly SymbolPreset[] = [
  { symbol: 'AAPL', price: 230, annualVolatility: 0.28 },
  { symbol: 'GOOGL', price: 180, annualVolatility: 0.3 },
  { symbol: 'MSFT', price: 430, annualVolatility: 0.25 },
  { symbol: 'AMZN', price: 200, annualVolatility: 0.33 },
  { symbol: 'META', price: 560, annualVolatility: 0.36 },
  { symbol: 'NVDA', price: 140, annualVolatility: 0.5 },
  { symbol: 'TSLA', price: 250, annualVolatility: 0.55 },
  { symbol: 'JPM', price: 220, annualVolatility: 0.22 },
  { symbol: 'V', price: 290, annualVolatility: 0.2 },
  { symbol: 'JNJ', price: 160, annualVolatility: 0.16 },
]

/** Perpetual futures of larger coins: starting points of the order of their prices, not quotations. */
export const CRYPTO_SYMBOLS: readonly { readonly symbol: string; readonly price: number }[] = [
  { symbol: 'BTCUSDT', price: 61_800 },
  { symbol: 'ETHUSDT', price: 2_680 },
  { symbol: 'SOLUSDT', price: 152 },
  { symbol: 'BNBUSDT', price: 515 },
  { symbol: 'XRPUSDT', price: 0.61 },
  { symbol: 'DOGEUSDT', price: 0.105 },
  { symbol: 'ADAUSDT', price: 0.34 },
  { symbol: 'AVAXUSDT', price: 21.4 },
  { symbol: 'LINKUSDT', price: 10.6 },
  { symbol: 'LTCUSDT', price: 61.2 },
]

/** The preset of a symbol; for an unknown one a price and a volatility that follow from its name. */
export function presetOf(symbol: string): SymbolPreset {
  const known = DEFAULT_SYMBOLS.find((preset) => preset.symbol === symbol)
  if (known !== undefined) return known
  const hash = hashText(symbol)
  return { symbol, price: 20 + (hash % 40_000) / 100, annualVolatility: 0.2 + ((hash >>> 16) % 40) / 100 }
}

/** A symbol as the world takes it. A share's ordinary minute has its part of the yearly volatility. */
export function worldSymbolOf(symbol: string, market: 'equity' | 'crypto' = 'equity'): WorldSymbol {
  if (market === 'crypto') {
    const price = CRYPTO_SYMBOLS.find((preset) => preset.symbol === symbol)?.price ?? presetOf(symbol).price
    return { venue: SIMULATOR_VENUE, symbol, price, profile: CRYPTO_PROFILE, quantityDecimals: 3 }
  }
  const { price, annualVolatility } = presetOf(symbol)
  const minuteDeviationBp = (annualVolatility / Math.sqrt(MINUTES_PER_YEAR)) * 1e4
  const profile = { ...EQUITY_PROFILE, minuteDeviationBp }
  return { venue: SIMULATOR_VENUE, symbol, price, profile, quantityDecimals: 0, tickSize: TICK_SIZE }
}
