import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReplayState } from '../../../src/protocol/rest.ts'
import { apiPath, fetchJson, RequestError } from './fetch-json.ts'

/** Event time per real time; 0 is as fast as it goes. */
export const REPLAY_SPEEDS = [1, 10, 0] as const

export type ReplayCommand =
  | { readonly name: 'pause' | 'resume' }
  | { readonly name: 'seek'; readonly body: { readonly timeMs: number } }
  | { readonly name: 'speed'; readonly body: { readonly speed: number } }

const INTERVAL_MS = 1000

/** Null where nothing is replayed. */
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
    staleTime: (query) => (query.state.data ? 0 : Number.POSITIVE_INFINITY),
  })
}

export function useReplayCommand() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (command: ReplayCommand) => {
      const path = apiPath(`replay/${command.name}`)
      if (!('body' in command)) return fetchJson<ReplayState>(path, { method: 'POST' })
      const headers = { 'content-type': 'application/json' }
      return fetchJson<ReplayState>(path, { method: 'POST', headers, body: JSON.stringify(command.body) })
    },
    onSuccess: (state) => client.setQueryData(['replay'], state),
  })
}
