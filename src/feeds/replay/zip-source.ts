import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { type ByteSource, fromStream, InflateSource, unreadable } from './byte-source.ts'

const STORED = 0
const DEFLATED = 8

/** The files within a file, in order; a file that is no archive holds itself. */
export interface EntrySequence {
  /** The next entry's bytes, or undefined after the last. @throws FinPulseError input-unreadable */
  next(): Promise<ByteSource | undefined>
  /** Steps over entries without reading them. */
  skip(count: number): Promise<void>
  close(): Promise<void>
}

/** @throws FinPulseError input-unreadable */
export async function openZip(path: string): Promise<EntrySequence> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false }).catch((error: unknown) => {
    throw unreadable(path, 'is no readable zip archive', error)
  })
  const entries = zip.eachEntry()[Symbol.asyncIterator]()
  let hasFailed = false
  const nextFile = async (): Promise<Entry | undefined> => {
    // Behind the damage in a directory there is no next entry to find.
    while (!hasFailed) {
      const next = await entries.next().catch((error: unknown) => {
        hasFailed = true
        throw unreadable(path, 'has a damaged directory', error)
      })
      if (next.done === true) return undefined
      if (!next.value.fileName.endsWith('/')) return next.value
    }
    return undefined
  }
  return {
    async next() {
      const entry = await nextFile()
      return entry === undefined ? undefined : openEntry(path, zip, entry)
    },
    async skip(count) {
      for (let index = 0; index < count; index++) await nextFile()
    },
    async close() {
      zip.close()
    },
  }
}

async function openEntry(path: string, zip: ZipFile, entry: Entry): Promise<ByteSource> {
  const name = `${path}/${entry.fileName}`
  const isReadable = entry.compressionMethod === STORED || entry.compressionMethod === DEFLATED
  if (entry.isEncrypted() || !isReadable) {
    throw unreadable(name, `is encrypted or packed by method ${entry.compressionMethod}; expected stored or deflated`)
  }
  // The bytes are inflated here and not by yauzl, so that a damaged entry gives what can be read of it.
  const stream = await zip.openReadStreamPromise(entry, { decodeFileData: false }).catch((error: unknown) => {
    throw unreadable(name, 'cannot be opened', error)
  })
  const raw = fromStream(name, stream)
  return checked(entry.compressionMethod === STORED ? raw : new InflateSource(raw, 'deflate-raw'), entry)
}

/** The same bytes, with size and checksum compared at the end. */
function checked(source: ByteSource, entry: Entry): ByteSource {
  let checksum = 0
  let size = 0
  return {
    name: source.name,
    get bytesRead() {
      return source.bytesRead
    },
    async read() {
      const piece = await source.read()
      if (piece !== undefined) {
        checksum = crc32(piece, checksum)
        size += piece.length
        return piece
      }
      if (size === entry.uncompressedSize && checksum === entry.crc32) return undefined
      throw unreadable(source.name, `is damaged: ${size} of ${entry.uncompressedSize} bytes, checksum ${checksum}`)
    },
    close: () => source.close(),
  }
}
