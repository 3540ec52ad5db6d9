/** Where the facade is: what a client of the venue is given as its base address. */
export const VENUE_PREFIX = '/binance'

/** The venue's limits; only tests have reasons to change most of them. */
export interface VenueSettings {
  /** Request weight that an address may use in a minute of the clock. */
  readonly requestWeightPerMinute: number
  /** WebSocket connections that an address may open in five minutes. */
  readonly connectionsPerFiveMinutes: number
  readonly streamsPerConnectionMaxCount: number
  /** Pings, pongs and messages that a connection may send in any second; with one more it is ended. */
  readonly messagesPerSecond: number
  /** Age at which a connection is ended. */
  readonly connectionLifeMs: number
  readonly pingEveryMs: number
  /** A connection that answers no ping for this long is ended. */
  readonly pongWithinMs: number
  /** Bytes that wait for one slow client; with more its connection is ended. */
  readonly backlogMaxBytes: number
  /** Open connections of all clients; beyond it new ones are refused with 503. */
  readonly connectionsMaxCount: number
}

export const VENUE_SETTINGS: VenueSettings = {
  requestWeightPerMinute: 6000,
  connectionsPerFiveMinutes: 300,
  streamsPerConnectionMaxCount: 1024,
  messagesPerSecond: 5,
  connectionLifeMs: 24 * 3_600_000,
  pingEveryMs: 20_000,
  pongWithinMs: 60_000,
  backlogMaxBytes: 16 * 1024 * 1024,
  connectionsMaxCount: 1000,
}
