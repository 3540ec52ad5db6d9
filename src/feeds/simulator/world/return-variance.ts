import type { MarketProfile } from './market-profile.ts'
import { logActivity, SESSION_MINUTES } from './session-shape.ts'

/*
 * Expected squares of log returns, in squares of the profile's minute deviation: of that median the stochastic
 * volatility, the shape of the day, the heavy tail and the jumps make more.
 */

const MINUTES_PER_DAY = 1440
const ORDINARY_SESSION = Float64Array.from({ length: SESSION_MINUTES }, (_, minute) =>
  logActivity(minute, SESSION_MINUTES),
)

/** From open to close of an ordinary session. */
export function sessionVariance(profile: MarketProfile): number {
  let activity = 0
  for (const log of ORDINARY_SESSION) activity += Math.exp(profile.sessionAmplitude * log)
  return minuteVariance(profile, SESSION_MINUTES) * activity
}

/** Of 24 hours of a market that never closes. */
export function dayVariance(profile: MarketProfile): number {
  let activity = 0
  for (let minute = 0; minute < MINUTES_PER_DAY; minute++) activity += Math.exp(2 * dailyWave(profile, minute))
  return minuteVariance(profile, MINUTES_PER_DAY) * activity
}

/** Log volatility of a minute, since the epoch, that the time of day adds where the market never closes. */
export function dailyWave({ dayAmplitude, dayPeakHour }: MarketProfile, minute: number): number {
  return dayAmplitude * Math.cos(2 * Math.PI * ((minute % MINUTES_PER_DAY) / MINUTES_PER_DAY - dayPeakHour / 24))
}

/** Of a minute whose time of day adds nothing. @param minutesPerDay over which the jumps of a day come */
function minuteVariance(profile: MarketProfile, minutesPerDay: number): number {
  const { volatility, shockFreedom, jumpsPerDay, jumpMean, jumpDeviation } = profile
  const logVariance = volatility.reduce((sum, { deviation }) => sum + deviation ** 2, 0)
  const shock = shockFreedom / (shockFreedom - 2) + (jumpsPerDay / minutesPerDay) * (jumpMean ** 2 + jumpDeviation ** 2)
  return Math.exp(2 * logVariance) * shock
}
