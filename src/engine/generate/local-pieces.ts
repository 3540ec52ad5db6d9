import { BufferPool } from './buffer-pool.ts'
import { goOver } from './go-over.ts'
import type { Piece, PieceSource } from './piece.ts'
import { pieceEnd } from './piece-bounds.ts'
import { PieceMaker } from './piece-maker.ts'
import type { SourceSpec } from './source-spec.ts'

/** Pieces that are made in this thread, each when it is asked for. */
export class LocalPieces implements PieceSource {
  readonly #maker: PieceMaker
  readonly #pieceCount: number
  readonly #endIndex: number
  readonly #buffers = new BufferPool()
  #index: number
  #startedPart = 0

  /** @throws FinPulseError config-invalid */
  constructor(spec: SourceSpec, firstIndex: number, endIndex: number) {
    this.#maker = new PieceMaker(spec)
    this.#pieceCount = spec.pieceCount
    this.#endIndex = endIndex
    this.#index = firstIndex
  }

  get index(): number {
    return this.#index
  }

  get startedPart(): number {
    return this.#startedPart
  }

  async start(signal: AbortSignal): Promise<void> {
    await goOver(
      this.#maker,
      this.#index,
      () => signal.aborted,
      (part) => {
        this.#startedPart = part
      },
    )
  }

  async next(): Promise<Piece> {
    const end = Math.min(this.#endIndex, pieceEnd(this.#index, this.#pieceCount))
    const piece = this.#maker.make(end, this.#buffers.take())
    this.#index = end
    return piece
  }

  recycle({ bytes }: Piece): void {
    this.#buffers.give(bytes.buffer)
  }

  async close(): Promise<void> {
    // Nothing runs beside the calls.
  }
}
