import { type Query, QueryClient } from '@tanstack/react-query'
import { RequestError } from '../rest/fetch-json.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      // A refused request is refused again; a server that is starting or away may answer the next time.
      retry: (failureCount, error) => failureCount < 3 && !(error instanceof RequestError && error.isRefusal),
      retryDelay: (attempt) => Math.min(4000, 500 * 2 ** attempt),
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
  },
})

/** Whether it asks about one symbol, as its `meta.symbol` says. */
export function isOfOneSymbol({ meta }: Query): boolean {
  return meta?.symbol !== undefined
}
