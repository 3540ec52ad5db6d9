import { useEffect, useState, useSyncExternalStore } from 'react'
import type { ConnectionState } from '../live/connection-state.ts'
import { liveClient } from './live.ts'
import type { ValueStore } from './value-store.ts'

export function useValue<Value>(store: ValueStore<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get)
}

export function useConnection(): ConnectionState {
  return useSyncExternalStore(liveClient.onState, liveClient.state)
}

/** Our clock in ms, renewed each second. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}

export function useMediaQuery(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = window.matchMedia(query)
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    () => window.matchMedia(query).matches,
  )
}
