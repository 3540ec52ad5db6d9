/** Minutes of an ordinary session. */
export const SESSION_MINUTES = 390
const HALF_HOUR = 30
/** Volume of each half-hour of a session relative to its mean: SPY, 7 days of 2013 and 2023 (QuantConnect Lean data). */
export const HALF_HOUR_VOLUMES = [1.62, 1.15, 1.06, 0.97, 1.01, 0.75, 0.54, 0.71, 0.65, 0.8, 0.57, 0.98, 2.23]
export const MEAN_HALF_HOUR_VOLUME =
  HALF_HOUR_VOLUMES.reduce((sum, volume) => sum + volume, 0) / HALF_HOUR_VOLUMES.length

/**
 * Log of a minute's ordinary volume relative to the mean of a session: the U, straight from the middle of one half-hour
 * to that of the next. A short session has the beginning and the end of an ordinary one.
 *
 * @param minute from 0 at the open
 * @param sessionMinutes length of the session
 */
export function logActivity(minute: number, sessionMinutes: number): number {
  const isLateHalf = minute >= sessionMinutes / 2
  const at = isLateHalf ? SESSION_MINUTES - (sessionMinutes - minute) : minute
  const place = Math.min(HALF_HOUR_VOLUMES.length - 1, Math.max(0, (at + 0.5) / HALF_HOUR - 0.5))
  const before = Math.floor(place)
  const left = HALF_HOUR_VOLUMES[before]!
  const right = HALF_HOUR_VOLUMES[before + 1] ?? left
  return Math.log((left + (right - left) * (place - before)) / MEAN_HALF_HOUR_VOLUME)
}
