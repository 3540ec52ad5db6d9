import { z } from 'zod'
import { VENUE_SETTINGS, type VenueSettings } from '../../api/venue/venue-settings.ts'
import { duration } from './fields.ts'

const MEGABYTE = 1024 * 1024
const defaults = VENUE_SETTINGS

/** The venue facade at `/binance`. Its limits are the venue's own; other values are for trying what a client does. */
export const venueApiSchema = z.strictObject({
  enabled: z.boolean().default(false),
  requestWeightPerMinute: z.int().min(1).max(1e9).default(defaults.requestWeightPerMinute),
  connectionsPerFiveMinutes: z.int().min(1).max(1e6).default(defaults.connectionsPerFiveMinutes),
  streamsPerConnection: z.int().min(1).max(100_000).default(defaults.streamsPerConnectionMaxCount),
  messagesPerSecond: z.int().min(1).max(10_000).default(defaults.messagesPerSecond),
  connectionLife: duration('venueApi.connectionLife').prefault('24h'),
  pingEvery: duration('venueApi.pingEvery').prefault('20s'),
  pongWithin: duration('venueApi.pongWithin').prefault('60s'),
  /** What waits for one slow client, in MiB. */
  backlogMaxMegabytes: z
    .number()
    .positive()
    .max(1024)
    .default(defaults.backlogMaxBytes / MEGABYTE),
  connections: z.int().min(1).max(100_000).default(defaults.connectionsMaxCount),
})

/** The settings as the facade takes them. */
export function venueSettingsFrom(config: z.output<typeof venueApiSchema>): VenueSettings {
  return {
    requestWeightPerMinute: config.requestWeightPerMinute,
    connectionsPerFiveMinutes: config.connectionsPerFiveMinutes,
    streamsPerConnectionMaxCount: config.streamsPerConnection,
    messagesPerSecond: config.messagesPerSecond,
    connectionLifeMs: config.connectionLife,
    pingEveryMs: config.pingEvery,
    pongWithinMs: config.pongWithin,
    backlogMaxBytes: config.backlogMaxMegabytes * MEGABYTE,
    connectionsMaxCount: config.connections,
  }
}
