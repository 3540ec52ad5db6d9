import { FinPulseError } from '../../base/errors.ts'
import { hashText } from '../../base/random.ts'
import { BROWNIAN_PARTS, CRYPTO_PROFILE, EQUITY_PROFILE, type MarketProfile } from './world/market-profile.ts'
import type { WorldSymbol } from './world/market-world.ts'
import { dayVariance, sessionVariance } from './world/return-variance.ts'

export const SIMULATOR_VENUE = 'sim'
const DAYS_PER_YEAR = 365
const SESSIONS_PER_YEAR = 252
/** A share's price moves in cents, below a dollar in hundredths of them (Regulation NMS, rule 612). */
const TICK_SIZE = 0.01
const TICK_SIZE_BELOW_DOLLAR = 0.0001
/** Ticks in a starting price: of fewer the price can hardly move, of more it has too many digits in the end. */
const TICKS_MIN_COUNT = 20
const TICKS_MAX_COUNT = 1e8

export type SimulatedMarket = 'equity' | 'crypto'
/** Around the clock, or the sessions of the New York Stock Exchange. */
export type MarketHours = 'always' | 'nyse'

type PriceProcess = 'stochastic' | 'brownian'

/** Parts of a profile that a symbol cannot have to itself, or that another field says better. */
type SharedPart = 'runLength' | 'tickBp'
type ProfilePart = { readonly [Part in Exclude<keyof MarketProfile, SharedPart>]?: MarketProfile[Part] | undefined }

/** What is different about a symbol; everything else is as in its market. */
export interface SymbolModel extends ProfilePart {
  /** `stochastic` is the profile of the market; `brownian` a geometric Brownian motion. Other fields count over it. */
  readonly process?: PriceProcess | undefined
  /** Price at the very start, in the quote currency. */
  readonly price?: number | undefined
  /** Standard deviation of the yearly log return: 0.3 is 30 %. Instead of `minuteDeviationBp`. */
  readonly annualVolatility?: number | undefined
  /** Smallest price step, 1, 2 or 5 of some decimal. */
  readonly tickSize?: number | undefined
  readonly quantityDecimals?: number | undefined
}

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

/** The ten symbols that a market has where none are named. */
export function presetSymbols(market: SimulatedMarket): string[] {
  return (market === 'crypto' ? CRYPTO_SYMBOLS : DEFAULT_SYMBOLS).map(({ symbol }) => symbol)
}

/** The preset of a symbol; for an unknown one a price and a volatility that follow from its name. */
export function presetOf(symbol: string): SymbolPreset {
  const known = DEFAULT_SYMBOLS.find((preset) => preset.symbol === symbol)
  if (known !== undefined) return known
  const hash = hashText(symbol)
  return { symbol, price: 20 + (hash % 40_000) / 100, annualVolatility: 0.2 + ((hash >>> 16) % 40) / 100 }
}

/**
 * A symbol as the world takes it: its market's profile, its preset, and over both what its model says.
 *
 * @throws FinPulseError config-invalid where tick size and price do not go together
 */
export function worldSymbolOf(
  symbol: string,
  market: SimulatedMarket = 'equity',
  model: SymbolModel = {},
  hours: MarketHours = 'always',
): WorldSymbol {
  const { process, price: givenPrice, annualVolatility, tickSize: givenTick, quantityDecimals, ...given } = model
  const isCrypto = market === 'crypto'
  const preset = presetOf(symbol)
  const coinPrice = isCrypto ? CRYPTO_SYMBOLS.find((coin) => coin.symbol === symbol)?.price : undefined
  const price = givenPrice ?? coinPrice ?? preset.price
  const profile: MarketProfile = {
    ...(isCrypto ? CRYPTO_PROFILE : EQUITY_PROFILE),
    ...(process === 'brownian' ? BROWNIAN_PARTS : {}),
    ...withoutGaps(given),
  }
  const yearly = annualVolatility ?? (isCrypto ? undefined : preset.annualVolatility)
  const hasYearly = given.minuteDeviationBp === undefined && yearly !== undefined
  const world = {
    venue: SIMULATOR_VENUE,
    symbol,
    price,
    profile: hasYearly ? { ...profile, minuteDeviationBp: minuteDeviationBp(yearly, profile, hours) } : profile,
    quantityDecimals: quantityDecimals ?? (isCrypto ? 3 : 0),
  }
  const shareTick = price < 1 ? TICK_SIZE_BELOW_DOLLAR : TICK_SIZE
  const tickSize = givenTick ?? (isCrypto ? undefined : shareTick)
  if (tickSize === undefined) return world
  checkTick(symbol, price, tickSize)
  return { ...world, tickSize }
}

/** The year's return has the wanted deviation: that of 365 days around the clock, or of 252 sessions and their nights. */
function minuteDeviationBp(annualVolatility: number, profile: MarketProfile, hours: MarketHours): number {
  const yearVariance =
    hours === 'always'
      ? DAYS_PER_YEAR * dayVariance(profile)
      : SESSIONS_PER_YEAR * sessionVariance(profile) * (1 + profile.overnightDeviation ** 2)
  return (annualVolatility / Math.sqrt(yearVariance)) * 1e4
}

function withoutGaps(given: ProfilePart): Partial<MarketProfile> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function checkTick(symbol: string, price: number, tickSize: number): void {
  const ticks = price / tickSize
  if (ticks >= TICKS_MIN_COUNT && ticks <= TICKS_MAX_COUNT) return
  throw new FinPulseError(
    'config-invalid',
    `models.${symbol}.tickSize: expected ${price / TICKS_MAX_COUNT} to ${price / TICKS_MIN_COUNT} at a price of ${price}, got ${tickSize}`,
  )
}
