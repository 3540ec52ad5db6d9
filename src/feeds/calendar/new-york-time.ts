/** Time zone of the venue's sessions and of the vendor's bars. */
const ZONE = 'America/New_York'
const HOUR_MS = 3_600_000

const format = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** New York's wall clock as if it were UTC's, ms. */
function wallMs(timeMs: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(timeMs)) parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}

/** New York's day, `2026-11-20`, at a time in µs. */
export function newYorkDay(timeUs: number): string {
  return new Date(wallMs(Math.floor(timeUs / 1000))).toISOString().slice(0, 10)
}

/** The day after. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 24 * HOUR_MS).toISOString().slice(0, 10)
}

const WALL_PATTERN = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/

/**
 * µs of New York's wall clock time `2026-11-20 09:30:00`; the earlier one of the hour that comes twice in autumn, an hour
 * later for one of the hour that is left out in spring. NaN for anything that is no such time.
 */
export function newYorkTimeUs(text: string): number {
  const match = WALL_PATTERN.exec(text)
  const wanted = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}Z`)
  if (Number.isNaN(wanted) || new Date(wanted).toISOString().slice(0, 10) !== match![1]) return Number.NaN
  // New York is four or five hours behind.
  const candidate = [4, 5].map((hours) => wanted + hours * HOUR_MS).find((timeMs) => wallMs(timeMs) === wanted)
  return (candidate ?? wanted + 5 * HOUR_MS) * 1000
}
