import type { Clock } from '../../../base/clock.ts'
import type { Topic } from '../../../events/topic.ts'
import { headerOf } from '../event-lines.ts'
import { OutputFile } from '../output-file.ts'
import type { SourceSpec } from '../source-spec.ts'
import { FileSink } from './file-sink.ts'
import { HttpSink } from './http-sink.ts'
import { LogSink } from './log-sink.ts'
import { PipeSink } from './pipe-sink.ts'
import type { PieceSink } from './sink.ts'
import { WebSocketSink } from './web-socket-sink.ts'

/** Where the events of a stream go. */
export type Place =
  | { readonly sink: 'stdout' }
  | { readonly sink: 'file' | 'http' | 'websocket'; readonly out: string }
  | { readonly sink: 'log'; readonly dataDir: string }

/** @throws FinPulseError sink-failed, data-dir-locked, config-invalid */
export async function openSink(
  place: Place,
  spec: SourceSpec,
  isParquet: boolean,
  firstIndex: number,
  clock: Clock,
): Promise<PieceSink> {
  switch (place.sink) {
    case 'stdout':
      return openStandardOutput()
    case 'http':
      return new HttpSink(place.out, spec.format, headerOf(spec))
    case 'websocket':
      return WebSocketSink.open(place.out, spec.format !== 'columnar')
    case 'log':
      return LogSink.open(place.dataDir, spec, firstIndex, clock)
    case 'file':
      return isParquet ? openParquet(place.out, spec) : FileSink.open(place.out)
  }
}

async function openStandardOutput(): Promise<PieceSink> {
  const name = 'standard output'
  const file = await OutputFile.onStandardOutput()
  return file === undefined ? new PipeSink(name, process.stdout) : new FileSink(name, file)
}

async function openParquet(path: string, { market, payments }: SourceSpec): Promise<PieceSink> {
  // Loaded here, so that only those who write Parquet pay for the native library.
  const { ParquetSink } = await import('./parquet-sink.ts')
  const topic: Topic = payments !== undefined ? 'payments' : market?.quotes === true ? 'market.quotes' : 'market.trades'
  return ParquetSink.open(path, topic)
}
