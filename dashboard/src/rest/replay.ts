import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { apiPath, fetchJson, RequestError } from './fetch-json.ts'

/** How fast recorded time passes, against the clock on the wall. */
export const REPLAY_SPEEDS = [1, 10, 'max'] as const
export type ReplaySpeed = (typeof REPLAY_SPEEDS)[number]

/** Answer of `GET /api/v1/replay`, which exists only while a recording is being replayed. */
export interface ReplayState {
  readonly state: 'playing' | 'paused' | 'finished'
  readonly speed: number | 'max'
  readonly fromMs: number
  /** Null while the end of the recording is not known. */
  readonly toMs: number | null
  readonly atMs: number
}

export interface ReplayChange {
  readonly state?: 'playing' | 'paused'
  readonly speed?: ReplaySpeed
  /** Event time in ms to go to. */
  readonly atMs?: number
}

const INTERVAL_MS = 1000

/** Undefined data where nothing is replayed. */
export function useReplay() {
  return useQuery({
    queryKey: ['replay'],
    queryFn: async ({ signal }): Promise<ReplayState | null> => {
      try {
        return await fetchJson<ReplayState>(apiPath('replay'), { signal })
      } catch (error) {
        if (error instanceof RequestError && error.status === 404) return null
        throw error
      }
    },
    // Whether there is a replay is settled when the server starts.
    refetchInterval: (query) => (query.state.data ? INTERVAL_MS : false),
  })
}

export function useReplayChange() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: ReplayChange) =>
      fetchJson<ReplayState>(apiPath('replay'), {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(change),
      }),
    onSuccess: (state) => client.setQueryData(['replay'], state),
  })
}
