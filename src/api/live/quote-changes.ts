import { type ChangesSince, NO_CHANGES, type SymbolChanges } from './change-ring.ts'

interface VenueQuote {
  sequence: number
  /** Encoded when first asked for. */
  text: string | undefined
}

/** The newest quote of one watched symbol, per venue. An older one is never of use, so nothing can be missed. */
export class QuoteChanges implements SymbolChanges {
  readonly symbol: string
  readonly count = 0
  sequence = 0
  readonly #encode: (instrument: number) => string
  readonly #venues = new Map<number, VenueQuote>()
  #joinedSince = -1
  #joined = NO_CHANGES

  /** @param encode gives the newest quote of an instrument as JSON */
  constructor(symbol: string, encode: (instrument: number) => string) {
    this.symbol = symbol
    this.#encode = encode
  }

  changed(instrument: number, sequence: number): void {
    this.sequence = sequence
    this.#joinedSince = -1
    const venue = this.#venues.get(instrument)
    if (venue === undefined) {
      this.#venues.set(instrument, { sequence, text: undefined })
    } else {
      venue.sequence = sequence
      venue.text = undefined
    }
  }

  since(since: number): ChangesSince {
    if (this.sequence <= since) return NO_CHANGES
    if (this.#joinedSince === since) return this.#joined
    const texts: string[] = []
    for (const [instrument, venue] of this.#venues) {
      if (venue.sequence <= since) continue
      venue.text ??= this.#encode(instrument)
      texts.push(venue.text)
    }
    this.#joinedSince = since
    this.#joined = { text: texts.join(','), count: texts.length }
    return this.#joined
  }
}
