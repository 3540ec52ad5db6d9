import { useStats } from '../rest/queries.ts'
import { useConnection } from './use-value.ts'

/** False where what is on screen may have been overtaken. Before the first connection REST has just been read. */
export function useIsFresh(): boolean {
  const { kind } = useConnection()
  const isPaused = useStats().data?.status === 'paused'
  return kind === 'live' || kind === 'connecting' || (kind === 'stale' && isPaused)
}
