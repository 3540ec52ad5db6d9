import type { ReactNode } from 'react'

interface StateNoteProps {
  readonly title: string
  /** What happens next, or what to do. */
  readonly detail?: ReactNode
  readonly isBusy?: boolean
  readonly children?: ReactNode
}

/** In place of content that is not there: what is so, and what happens next. */
export function StateNote({ title, detail, isBusy = false, children }: StateNoteProps) {
  return (
    <div className="flex h-full min-h-24 flex-col items-center justify-center gap-2 p-6 text-center" role="status">
      {isBusy && <span className="size-4 animate-spin rounded-full border-2 border-line border-t-accent" />}
      <p className="font-semibold">{title}</p>
      {detail !== undefined && <p className="max-w-prose text-dim">{detail}</p>}
      {children}
    </div>
  )
}
