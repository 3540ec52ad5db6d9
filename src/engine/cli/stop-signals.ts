const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A terminal and the launcher (`bin/finpulse.js`) both pass on what was pressed once. */
const SAME_SIGNAL_MS = 300

/**
 * Calls each of `steps` once, one at each signal that asks to end. One that comes after the last of them ends the
 * process at once, as if nobody listened: an exit would tear the threads down in the middle of their work.
 */
export function onStopSignal(...steps: ((signal: NodeJS.Signals) => void)[]): void {
  let lastMs = Number.NEGATIVE_INFINITY
  const take = (signal: NodeJS.Signals) => {
    const nowMs = performance.now()
    if (nowMs - lastMs <= SAME_SIGNAL_MS) return
    lastMs = nowMs
    const step = steps.shift()
    if (step !== undefined) return step(signal)
    for (const name of STOP_SIGNALS) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  }
  for (const name of STOP_SIGNALS) process.on(name, take)
}

/** Ends with the launcher that started us, however that ended: a second start must not find the first one running. */
export function endWithLauncher(): void {
  if (process.channel === undefined) return
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  // The channel alone is no reason to stay.
  process.channel?.unref()
}
