import { liveNotice } from '../app/live.ts'
import { useConnection, useValue } from '../app/use-value.ts'

/** What the server said against a request of the live connection, until it is put away. */
export function LiveNotice() {
  const state = useConnection()
  const notice = useValue(liveNotice)
  const text = state.kind === 'refused' ? `Live data ended: ${state.reason}` : notice
  if (text === undefined) return null
  return (
    <div className="flex shrink-0 items-center gap-3 border-line border-b bg-down/10 px-3 py-1" role="alert">
      <span className="min-w-0 flex-1">{text}</span>
      {state.kind === 'refused' ? (
        <button type="button" className="underline" onClick={() => window.location.reload()}>
          Reload
        </button>
      ) : (
        <button type="button" className="underline" onClick={() => liveNotice.set(undefined)}>
          Dismiss
        </button>
      )}
    </div>
  )
}
