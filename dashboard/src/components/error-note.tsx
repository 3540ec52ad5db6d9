import { RequestError } from '../rest/fetch-json.ts'
import { StateNote } from './state-note.tsx'

interface ErrorNoteProps {
  readonly title: string
  readonly error: unknown
  readonly onRetry: () => void
}

/** A failed request in the server's own words. */
export function ErrorNote({ title, error, onRetry }: ErrorNoteProps) {
  const problem = error instanceof RequestError ? error.problem : undefined
  const detail = error instanceof Error ? error.message : String(error)
  return (
    <StateNote title={title} detail={detail}>
      {problem && (
        <p className="font-mono text-[11px] text-dim">
          {problem.status} · {problem.code}
          {problem.allowed && ` · allowed: ${problem.allowed}`}
        </p>
      )}
      <button type="button" className="field hover:bg-raised" onClick={onRetry}>
        Try again
      </button>
    </StateNote>
  )
}
