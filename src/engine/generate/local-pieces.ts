import { BufferPool } from './buffer-pool.ts'
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

  /** @throws FinPulseError config-invalid */
  constructor(spec: SourceSpec, firstIndex: number, endIndex: number) {
    this.#maker = new PieceMaker(spec)
    this.#pieceCount = spec.pieceCount
    this.#endIndex = endIndex
    this.#maker.skipTo(firstIndex)
  }

  get index(): number {
    return this.#maker.index
  }

  async next(): Promise<Piece> {
    const end = Math.min(this.#endIndex, pieceEnd(this.#maker.index, this.#pieceCount))
    return this.#maker.make(end, this.#buffers.take())
  }

  recycle({ bytes }: Piece): void {
    this.#buffers.give(bytes.buffer)
  }

  async close(): Promise<void> {
    // Nothing runs beside the calls.
  }
}
