import { Component, type ReactNode } from 'react'
import { StateNote } from './state-note.tsx'

interface ErrorBoundaryProps {
  readonly children: ReactNode
}

interface ErrorBoundaryState {
  readonly error: Error | undefined
}

/** A defect in one page leaves the rest usable. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { error: undefined }

  static getDerivedStateFromError(error: Error): ErrorBoundaryState {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <StateNote title="This page failed" detail={error.message}>
        <button type="button" className="field" onClick={() => this.setState({ error: undefined })}>
          Show it again
        </button>
      </StateNote>
    )
  }
}
