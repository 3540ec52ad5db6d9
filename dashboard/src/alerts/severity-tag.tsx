import type { Severity } from '../../../src/events/alert.ts'
import { SEVERITY_COLORS } from './alert-words.ts'

export function SeverityTag({ severity }: { readonly severity: Severity }) {
  return (
    <span
      className={`inline-block w-[62px] shrink-0 rounded-xs border text-center font-semibold text-[10px] leading-4 tracking-wide ${SEVERITY_COLORS[severity]}`}
    >
      {severity}
    </span>
  )
}
