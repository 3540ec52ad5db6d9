import type { MessagePort, Worker } from 'node:worker_threads'
import { ERROR_CODES, type ErrorCode, FinPulseError, messageOf } from '../../base/errors.ts'

/** Functions that one thread offers another. Arguments and results are structured clones. */
export type CallTable = Readonly<Record<string, (...args: never[]) => unknown>>

interface CallRequest {
  readonly type: 'call'
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

interface CallAnswer {
  readonly type: 'answer'
  readonly id: number
  readonly result?: unknown
  readonly error?: Pick<FinPulseError, 'code' | 'message' | 'retryable' | 'context'>
}

/** Something a thread tells without being asked. */
interface Notice {
  readonly type: 'notice'
  readonly notice: unknown
}

type ThreadMessage = CallRequest | CallAnswer | Notice

/** Answers calls that arrive at `port` from the table. */
export function serveCalls(port: MessagePort, table: CallTable): void {
  port.on('message', async (message: ThreadMessage) => {
    if (message.type !== 'call') return
    port.postMessage(await answerOf(message, table))
  })
}

async function answerOf({ id, method, args }: CallRequest, table: CallTable): Promise<CallAnswer> {
  try {
    const call = table[method]
    if (call === undefined) throw new FinPulseError('internal', `call ${method}: no such method in this thread`)
    return { type: 'answer', id, result: await call(...(args as never[])) }
  } catch (error) {
    const known = error instanceof FinPulseError ? error : new FinPulseError('internal', messageOf(error))
    return {
      type: 'answer',
      id,
      error: { code: known.code, message: known.message, retryable: known.retryable, context: known.context },
    }
  }
}

export function notify(port: MessagePort, notice: unknown): void {
  port.postMessage({ type: 'notice', notice } satisfies Notice)
}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** The calling side of one worker thread: calls, notices, and what becomes of both when the thread ends. */
export class WorkerCalls {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #nextId = 0
  #ended: FinPulseError | undefined

  constructor(
    worker: Worker,
    name: string,
    onNotice: (notice: never) => void,
    onFailure: (error: FinPulseError) => void,
  ) {
    this.#worker = worker
    worker.on('message', (message: ThreadMessage) => {
      if (message.type === 'answer') this.#settle(message)
      else if (message.type === 'notice') onNotice(message.notice as never)
    })
    worker.on('error', (error) => {
      const failure = failureOf(name, error)
      this.#fail(failure)
      onFailure(failure)
    })
    worker.on('exit', () => this.#fail(new FinPulseError('not-ready', `${name} thread: has ended`)))
  }

  call<R>(method: string, ...args: readonly unknown[]): Promise<R> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise<R>((resolve, reject) => {
      const id = this.#nextId++
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject })
      this.#worker.postMessage({ type: 'call', id, method, args } satisfies CallRequest)
    })
  }

  terminate(): Promise<number> {
    return this.#worker.terminate()
  }

  #settle({ id, result, error }: CallAnswer): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) pending?.resolve(result)
    else pending?.reject(new FinPulseError(error.code, error.message, error))
  }

  #fail(error: FinPulseError): void {
    this.#ended ??= error
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }
}

/** What ended a thread. An error that crosses threads keeps its fields, but not its class. */
function failureOf(name: string, error: unknown): FinPulseError {
  const code = (error as { code?: unknown }).code
  const known = Object.keys(ERROR_CODES).find((candidate): candidate is ErrorCode => candidate === code)
  if (known !== undefined && known !== 'internal') return new FinPulseError(known, messageOf(error), { cause: error })
  return new FinPulseError('worker-failed', `${name} thread: ${messageOf(error)}`, { cause: error })
}
