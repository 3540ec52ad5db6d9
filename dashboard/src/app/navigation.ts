import { useMemo, useSyncExternalStore } from 'react'
import { parseRoute, type Route, routeAddress } from './route.ts'

const listeners = new Set<() => void>()

function notify(): void {
  for (const listener of listeners) listener()
}
window.addEventListener('popstate', notify)

/** @param isReplacing true for a change of the same view, which the back button should not stop at */
export function navigate(route: Route, isReplacing = false): void {
  const address = routeAddress(route)
  if (address === window.location.pathname + window.location.search) return
  if (isReplacing) window.history.replaceState(null, '', address)
  else window.history.pushState(null, '', address)
  notify()
}

export function useRoute(): Route {
  const address = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => window.location.pathname + window.location.search,
  )
  return useMemo(() => {
    const mark = address.indexOf('?')
    return mark < 0 ? parseRoute(address, '') : parseRoute(address.slice(0, mark), address.slice(mark))
  }, [address])
}
