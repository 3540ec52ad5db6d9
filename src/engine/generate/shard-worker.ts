import { parentPort, workerData } from 'node:worker_threads'
import { pieceEnd, spanEnd } from './piece-bounds.ts'
import { PieceMaker } from './piece-maker.ts'
import { type SentPiece, SHARD_WINDOW_COUNT, type ShardData } from './shard-data.ts'
import { schedulesOf } from './source-spec.ts'

/* The thread of one shard: makes every n-th span, and waits while it is far enough ahead. It is ended from outside. */

const { spec, firstIndex, endIndex, shard, shardCount } = workerData as ShardData
const port = parentPort!
const buffers = Array.from({ length: SHARD_WINDOW_COUNT }, () => new ArrayBuffer(0))
let wake: () => void = () => undefined

port.on('message', (buffer: ArrayBuffer) => {
  buffers.push(buffer)
  wake()
})

async function leave(): Promise<ArrayBuffer> {
  while (buffers.length === 0) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  return buffers.pop()!
}

async function makeSpan(maker: PieceMaker, from: number, to: number): Promise<void> {
  maker.skipTo(from)
  while (maker.index < to) {
    const buffer = await leave()
    const piece = maker.make(Math.min(to, pieceEnd(maker.index, spec.pieceCount)), new Uint8Array(buffer))
    const { bytes, frames, counts } = piece
    const sent: SentPiece = { endIndex: piece.endIndex, buffer: bytes.buffer, length: bytes.length, frames, counts }
    port.postMessage(sent, [bytes.buffer])
  }
}

const maker = new PieceMaker(spec)
const schedules = schedulesOf(spec)
let from = firstIndex
for (let span = 0; from < endIndex; span++) {
  const to = Math.min(endIndex, spanEnd(from, spec, schedules))
  if (span % shardCount === shard) await makeSpan(maker, from, to)
  from = to
}
