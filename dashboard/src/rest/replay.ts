import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReplayState } from '../../../src/protocol/rest.ts'
import { apiPath, fetchJson } from './fetch-json.ts'

/** Event time per real time; 0 is as fast as it goes. */
export const REPLAY_SPEEDS = [1, 10, 0] as const

export type ReplayCommand =
  | { readonly name: 'pause' | 'resume' }
  | { readonly name: 'seek'; readonly body: { readonly timeMs: number } }
  | { readonly name: 'speed'; readonly body: { readonly speed: number } }

const INTERVAL_MS = 1000

/** @param isReplay whether the server replays a recording, as its stats say: it answers 404 where it does not */
export function useReplay(isReplay: boolean) {
  return useQuery({
    queryKey: ['replay'],
    queryFn: ({ signal }) => fetchJson<ReplayState>(apiPath('replay'), { signal }),
    enabled: isReplay,
    refetchInterval: INTERVAL_MS,
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
