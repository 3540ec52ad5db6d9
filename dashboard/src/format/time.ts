const pad = (value: number) => String(value).padStart(2, '0')

/** `14:03:59`, UTC unless `isLocal`. */
export function formatClock(timeMs: number, isLocal = false): string {
  const time = new Date(timeMs)
  return isLocal
    ? `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`
    : `${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())}:${pad(time.getUTCSeconds())}`
}

/** `2026-11-20`, UTC. */
export function formatDate(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** `2026-11-20 14:03`, UTC. */
export function formatMinute(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
}

/** `2026-11-20 14:03:59.123 UTC`. */
export function formatExactTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 23).replace('T', ' ')} UTC`
}

/** The time of day where it is less than 20 hours from `nowMs`, else the day and minute. */
export function formatRecent(timeMs: number, nowMs: number): string {
  return Math.abs(nowMs - timeMs) < 20 * 3_600_000 ? formatClock(timeMs) : formatMinute(timeMs).slice(5)
}

/** `42 s`, `12 m 05 s`, `3 h 20 m`, `2 d 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}
