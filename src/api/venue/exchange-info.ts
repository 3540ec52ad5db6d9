import type { Listing } from './venue-symbols.ts'

/** What symbols of pairs end with, longest first; a symbol without one is a share, quoted in USD. */
const QUOTE_ASSETS = ['FDUSD', 'USDT', 'USDC', 'BUSD', 'TUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'GBP', 'JPY', 'TRY', 'USD']
const SHARE_QUOTE_ASSET = 'USD'
const ASSET_PRECISION = 8
/** Largest price and quantity: the vocabulary's digits end at 2^84, the venue's own limits lie far below. */
const MAXIMUM = '10000000'

/** A symbol as `exchangeInfo` lists it. Nothing can be ordered here, so that the order types are none. */
export function symbolRow(listing: Listing) {
  const { baseAsset, quoteAsset } = assetsOf(listing.wireSymbol)
  const tickSize = unitAt(listing.priceDecimals)
  const stepSize = unitAt(listing.quantityDecimals)
  return {
    symbol: listing.wireSymbol,
    status: 'TRADING',
    baseAsset,
    baseAssetPrecision: ASSET_PRECISION,
    quoteAsset,
    quotePrecision: ASSET_PRECISION,
    quoteAssetPrecision: ASSET_PRECISION,
    baseCommissionPrecision: ASSET_PRECISION,
    quoteCommissionPrecision: ASSET_PRECISION,
    orderTypes: [],
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    opoAllowed: false,
    quoteOrderQtyMarketAllowed: false,
    allowTrailingStop: false,
    cancelReplaceAllowed: false,
    amendAllowed: false,
    pegInstructionsAllowed: false,
    // Clients take a market for one of the spot market by this.
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: maximumAt(listing.priceDecimals), tickSize },
      { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: maximumAt(listing.quantityDecimals), stepSize },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: ['NONE'],
  }
}

export function rateLimitRows(requestWeightPerMinute: number) {
  return [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: requestWeightPerMinute }]
}

function assetsOf(wireSymbol: string): { baseAsset: string; quoteAsset: string } {
  const letters = wireSymbol.replaceAll(/[^A-Z0-9]/g, '')
  const quoteAsset = QUOTE_ASSETS.find((asset) => letters.length > asset.length && letters.endsWith(asset))
  if (quoteAsset === undefined) return { baseAsset: letters, quoteAsset: SHARE_QUOTE_ASSET }
  return { baseAsset: letters.slice(0, -quoteAsset.length), quoteAsset }
}

/** The smallest step: `0.01` at two decimals. */
function unitAt(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`
}

function maximumAt(decimals: number): string {
  return decimals === 0 ? MAXIMUM : `${MAXIMUM}.${'0'.repeat(decimals)}`
}
