import { parentPort, workerData } from 'node:worker_threads'
import { goOver } from './go-over.ts'
import { pieceEnd, spanEnd } from './piece-bounds.ts'
import { PieceMaker } from './piece-maker.ts'
import { type FromShard, type SentPiece, SHARD_WINDOW_COUNT, type ShardData } from './shard-data.ts'
import { schedulesOf } from './source-spec.ts'

/*
 * The thread of one shard: makes every n-th span, and waits while it is far enough ahead. It ends when it is told to,
 * by itself: a thread that is terminated may be in the middle of anything.
 */

const { spec, firstIndex, endIndex, shard, shardCount } = workerData as ShardData
const port = parentPort!
const buffers = Array.from({ length: SHARD_WINDOW_COUNT }, () => new ArrayBuffer(0))
let isStopped = false
let wake: () => void = () => undefined

port.on('message', (buffer: ArrayBuffer | null) => {
  if (buffer === null) {
    isStopped = true
    port.close()
  } else buffers.push(buffer)
  wake()
})

/** @returns undefined where there is nothing more to make */
async function leave(): Promise<ArrayBuffer | undefined> {
  while (buffers.length === 0 && !isStopped) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  return isStopped ? undefined : buffers.pop()
}

async function makeSpan(maker: PieceMaker, from: number, to: number): Promise<void> {
  maker.skipTo(from)
  while (maker.index < to) {
    const buffer = await leave()
    if (buffer === undefined) return
    const piece = maker.make(Math.min(to, pieceEnd(maker.index, spec.pieceCount)), new Uint8Array(buffer))
    const { bytes, frames, counts } = piece
    const sent: SentPiece = { endIndex: piece.endIndex, buffer: bytes.buffer, length: bytes.length, frames, counts }
    port.postMessage(sent, [bytes.buffer])
  }
}

const maker = new PieceMaker(spec)
const schedules = schedulesOf(spec)
await goOver(
  maker,
  firstIndex,
  () => isStopped,
  (part) => port.postMessage(part satisfies FromShard),
)
let from = firstIndex
for (let span = 0; from < endIndex && !isStopped; span++) {
  const to = Math.min(endIndex, spanEnd(from, spec, schedules))
  if (span % shardCount === shard) await makeSpan(maker, from, to)
  from = to
}
