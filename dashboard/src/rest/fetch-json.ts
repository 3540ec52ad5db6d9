import type { Problem } from '../../../src/protocol/rest.ts'

/** A request that failed: refused with a problem, answered with something else, or not answered (status 0). */
export class RequestError extends Error {
  readonly status: number
  readonly problem: Problem | undefined

  constructor(status: number, message: string, problem?: Problem) {
    super(message)
    this.name = 'RequestError'
    this.status = status
    this.problem = problem
  }

  /** True where asking again in the same way is pointless. */
  get isRefusal(): boolean {
    return this.status >= 400 && this.status < 500
  }
}

export type QueryParameters = Readonly<Record<string, string | number | undefined>>

/** `/api/v1/…` with the parameters that are not undefined. */
export function apiPath(path: string, parameters: QueryParameters = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value))
  return `/api/v1/${path}${search.size === 0 ? '' : `?${search}`}`
}

/** The caller names the shape that the path answers with. @throws RequestError */
export async function fetchJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new RequestError(0, 'The server does not answer. It may be stopped or starting.')
  }
  if (!response.ok) throw await errorOf(response)
  return (await response.json()) as T
}

async function errorOf(response: Response): Promise<RequestError> {
  const text = await response.text()
  if (response.headers.get('content-type')?.includes('problem+json') === true) {
    const problem = JSON.parse(text) as Problem
    return new RequestError(response.status, problem.detail, problem)
  }
  return new RequestError(response.status, `The server answered ${response.status} ${response.statusText}.`)
}
