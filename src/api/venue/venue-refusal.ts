import { FinPulseError } from '../../base/errors.ts'

/** What goes out with a refusal besides its code and text. */
export interface RefusalDetails {
  readonly status?: number
  readonly retryAfterSeconds?: number
  readonly usedWeight?: number
}

/** A refusal in the venue's own words (errors.md of its documentation): `{"code":-1121,"msg":"Invalid symbol."}`. */
export function venueRefusal(venueCode: number, text: string, details: RefusalDetails = {}): FinPulseError {
  return new FinPulseError('request-invalid', text, { context: { venueCode, ...details } })
}

/** The answer to anything that a request may end with. Inner details stay inside. */
export interface RefusalAnswer extends RefusalDetails {
  readonly status: number
  readonly body: { readonly code: number; readonly msg: string }
}

export function refusalAnswer(error: unknown): RefusalAnswer {
  if (error instanceof FinPulseError) {
    const { venueCode, status = 400, ...details } = error.context as RefusalDetails & { venueCode?: number }
    if (venueCode !== undefined) return { ...details, status, body: { code: venueCode, msg: error.message } }
    if (error.code === 'not-ready') {
      return {
        status: 503,
        body: { code: -1001, msg: 'Internal error; unable to process your request. Please try again.' },
      }
    }
  }
  return { status: 500, body: { code: -1000, msg: 'An unknown error occurred while processing the request.' } }
}
