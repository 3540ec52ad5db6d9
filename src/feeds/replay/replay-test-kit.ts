import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import type { DeadLetter } from '../../events/dead-letter.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import type { RowCounts } from '../rows/row-ledger.ts'
import type { ReplayPosition } from './replay-position.ts'
import { type ReplayOptions, ReplayReader } from './replay-reader.ts'

/** Everything that one replay gave, for tests. */
export interface ReplayOutcome {
  readonly trades: Trade[]
  readonly quotes: Quote[]
  readonly deadLetters: DeadLetter[]
  readonly errors: Error[]
  readonly counts: RowCounts
  /** After each step, as it comes back from JSON. */
  readonly positions: ReplayPosition[]
  /** Rows of each step as JSON texts. */
  readonly steps: string[]
}

export async function replay(paths: readonly string[], options: Partial<ReplayOptions> = {}): Promise<ReplayOutcome> {
  const reader = await ReplayReader.open({ paths, instruments: new InstrumentTable(), ...options })
  const trades: Trade[] = []
  const quotes: Quote[] = []
  const errors: Error[] = []
  const positions: ReplayPosition[] = []
  const steps: string[] = []
  for (;;) {
    try {
      const step = await reader.next()
      if (step === undefined) break
      const stepTrades = Array.from({ length: step.trades.count }, (_, row) => tradeAt(step.trades, row))
      const stepQuotes = Array.from({ length: step.quotes.count }, (_, row) => quoteAt(step.quotes, row))
      trades.push(...stepTrades)
      quotes.push(...stepQuotes)
      steps.push(JSON.stringify([stepTrades, stepQuotes]))
      positions.push(JSON.parse(JSON.stringify(reader.position)))
    } catch (error) {
      errors.push(error as Error)
      if (errors.length > 100) throw error
    }
  }
  const deadLetters = reader.drainDeadLetters()
  await reader.close()
  return { trades, quotes, deadLetters, errors, counts: reader.counts, positions, steps }
}

/** A directory for one test file's inputs. */
export class InputDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'finpulse-replay-test-'))
  #count = 0

  /** Writes one input and gives its path. */
  write(content: string | Uint8Array, suffix = ''): string {
    const path = join(this.path, `input-${this.#count++}${suffix}`)
    writeFileSync(path, content)
    return path
  }

  writeLines(...lines: string[]): string {
    return this.write(`${lines.join('\n')}\n`)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** A zip archive (APPNOTE.TXT 4.3) of deflated files. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content)
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(8, 4)
    shared.writeUInt32LE(crc32(content), 10)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(content.length, 18)
    shared.writeUInt16LE(name.length, 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), packed])
    locals.push(local)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, tail, Buffer.from(name))
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(Object.keys(files).length, 8)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, central, end])
}
