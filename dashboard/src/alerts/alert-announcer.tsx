import { useEffect, useState } from 'react'
import type { Alert } from '../../../src/events/alert.ts'
import { framePump } from '../app/live.ts'
import { KIND_NAMES } from './alert-words.ts'

/** A screen reader is told at most this often. */
const ANNOUNCE_INTERVAL_MS = 5000
/** What comes this soon is the history that the subscription begins with. */
const SNAPSHOT_MS = 3000

/** Speaks new alerts: the latest in words, the others by number. */
export function AlertAnnouncer() {
  const [text, setText] = useState('')
  useEffect(() => {
    let waiting: Alert[] = []
    const startMs = performance.now()
    const endUpdates = framePump.onUpdate((update) => {
      if (performance.now() - startMs < SNAPSHOT_MS) return
      waiting.push(...update.alerts)
      waiting = waiting.slice(-100)
    })
    const timer = setInterval(() => {
      const latest = waiting.at(-1)
      if (latest !== undefined) setText(announcement(latest, waiting.length))
      waiting = []
    }, ANNOUNCE_INTERVAL_MS)
    return () => {
      endUpdates()
      clearInterval(timer)
    }
  }, [])
  return (
    <div className="sr-only" role="log" aria-live="polite" aria-label="New alerts">
      {text}
    </div>
  )
}

function announcement(latest: Alert, count: number): string {
  const { severity, direction, symbol, kind } = latest
  const words = `${severity} ${direction.toLowerCase()} in ${symbol}, ${KIND_NAMES[kind]}`
  return count === 1 ? `New alert: ${words}` : `${count} new alerts, the latest: ${words}`
}
