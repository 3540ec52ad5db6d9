import { liveClient } from '../app/live.ts'
import { useConnection, useNow } from '../app/use-value.ts'
import type { ConnectionState } from '../live/connection-state.ts'

const TONES: Readonly<Record<ConnectionState['kind'], string>> = {
  connecting: 'text-dim',
  live: 'text-up',
  stale: 'text-accent',
  reconnecting: 'text-accent',
  refused: 'text-down',
}

/** @param isPaused true where silence is meant: a paused replay is not stale */
export function ConnectionPill({ isPaused }: { readonly isPaused: boolean }) {
  const state = useConnection()
  const nowMs = useNow()
  const isQuiet = isPaused && state.kind === 'stale'
  const text = isQuiet ? 'Paused' : describe(state, nowMs)
  return (
    <div className={`flex items-center gap-2 whitespace-nowrap ${TONES[state.kind]}`}>
      <span className={`size-2 rounded-full bg-current ${state.kind === 'live' ? '' : 'animate-pulse'}`} aria-hidden />
      {/* The seconds are for the eye: a screen reader hears the change of state only. */}
      <span className="sr-only" role="status">
        Connection: {isQuiet ? 'paused' : state.kind}
      </span>
      <span aria-hidden className="sm:min-w-14">
        {text}
      </span>
      {state.kind === 'reconnecting' && state.retryAtMs > nowMs && (
        <button type="button" className="underline underline-offset-2" onClick={() => liveClient.retryNow()}>
          now
        </button>
      )}
    </div>
  )
}

function describe(state: ConnectionState, nowMs: number): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting'
    case 'live':
      return 'Live'
    case 'stale':
      return `Stale ${Math.max(3, Math.floor((nowMs - state.sinceMs) / 1000))} s`
    case 'reconnecting': {
      const seconds = Math.ceil((state.retryAtMs - nowMs) / 1000)
      return seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting'
    }
    case 'refused':
      return 'Disconnected'
  }
}
