import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../src/base/errors.ts'
import { TOPICS } from '../src/events/topic.ts'
import { type HousePlan, isTestFile, violationsOf } from './architecture/rules.ts'
import { readSourceFiles, sourceFile } from './architecture/source-files.ts'

/*
 * Goal: the tree keeps to the plan of ARCHITECTURE.md. Method: the plan is data, the imports of every source file are
 * read from its text, and each rule gives its violations as sentences. The rules are themselves tested, on made-up files.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

/** Each room, and the rooms it may import. Imports only point up this list. */
const ROOMS: HousePlan['rooms'] = {
  base: [],
  events: ['base'],
  protocol: ['events', 'base'],
  feeds: ['events', 'base'],
  log: ['events', 'base'],
  processors: ['events', 'base'],
  stores: ['events', 'base'],
  api: ['protocol', 'log', 'stores', 'events', 'base'],
  engine: ['api', 'stores', 'processors', 'log', 'feeds', 'protocol', 'events', 'base'],
  dashboard: ['protocol', 'events'],
}

/** What other rooms may see of a room with adapters. */
const PORTS: HousePlan['ports'] = {
  feeds: ['feed.ts'],
  log: ['event-log.ts'],
  stores: ['market-store.ts'],
}

/** Each package, and who may use it: a vendor stays inside of its adapter. */
const PACKAGES: HousePlan['packages'] = {
  '@duckdb/node-api': [
    'src/stores/embedded/',
    'src/feeds/replay/parquet-source.ts',
    'src/engine/generate/sinks/parquet-sink.ts',
  ],
  'node:sqlite': ['src/log/embedded/'],
  yauzl: ['src/feeds/replay/zip-source.ts'],
  fastify: ['src/api/'],
  'fastify-type-provider-zod': ['src/api/'],
  '@fastify/cors': ['src/api/'],
  '@fastify/static': ['src/api/'],
  '@fastify/swagger': ['src/api/rest/'],
  '@fastify/swagger-ui': ['src/api/rest/'],
  ws: [
    'src/api/live/',
    'src/api/venue/',
    'src/api/push/',
    'src/feeds/streaming/stream-socket.ts',
    'src/engine/generate/sinks/web-socket-sink.ts',
  ],
  'prom-client': ['src/api/', 'src/engine/'],
  zod: ['src/protocol/', 'src/api/', 'src/engine/'],
  yaml: ['src/engine/config.ts'],
  pino: ['src/engine/'],
  commander: ['src/engine/cli/'],
  react: ['dashboard/src/'],
  'react-dom': ['dashboard/src/main.tsx'],
  '@tanstack/react-query': ['dashboard/src/'],
  'lightweight-charts': ['dashboard/src/chart/'],
}

/** Rooms without I/O, and the modules of Node that they may use all the same. */
const NODE_MODULES: HousePlan['nodeModules'] = {
  base: ['node:timers/promises'],
  events: [],
  protocol: [],
  processors: ['node:v8'],
  dashboard: [],
}

const CLOCKED = ['base', 'events', 'protocol', 'feeds', 'log', 'processors', 'stores'].map((room) => `src/${room}/`)

const PLAN: HousePlan = {
  rooms: ROOMS,
  ports: PORTS,
  choosesAdapters: ['engine'],
  packages: PACKAGES,
  nodeModules: NODE_MODULES,
  bannedWords: [
    {
      pattern: /\b(Date\.now|new Date\(\)|performance\.now|performance\.timeOrigin|setTimeout|setInterval)\b/,
      within: [...CLOCKED, 'src/engine/roles/', 'src/engine/pipeline.ts'],
      except: ['src/base/clock.ts'],
      instead: 'a Clock (src/base/clock.ts) that is given',
    },
    {
      pattern: /\bsystemClock\b/,
      within: ['src/processors/', 'src/feeds/', 'src/stores/'],
      except: [],
      instead: 'a Clock',
    },
    { pattern: /\bMath\.random\b/, within: ['src/'], except: [], instead: 'Random (src/base/random.ts)' },
    { pattern: /\bconsole\./, within: ['src/', 'dashboard/src/'], except: [], instead: 'a Logger' },
    {
      pattern: /\b(fetch\(|process\.|globalThis\b)/,
      within: ['src/events/', 'src/processors/'],
      except: [],
      instead: 'an argument',
    },
  ],
  linesMaxCount: 400,
}

/** First column of the table that has this title over it. */
function firstColumn(path: string, title: string): string[] {
  const lines = readFileSync(`${ROOT}/${path}`, 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${title} |`)) + 2
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start, end).map((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? line)
}

describe('the tree', () => {
  it('keeps to the house plan', () => {
    const files = [...readSourceFiles(ROOT, 'src'), ...readSourceFiles(ROOT, 'dashboard/src')]
    expect(files.length).toBeGreaterThan(100)
    const sources = files.filter(({ path }) => !isTestFile(path) && !/-fixture\.ts$/.test(path))
    expect(violationsOf(sources, PLAN)).toEqual([])
  })

  it('docs/errors.md lists the very error codes of the code', () => {
    expect(firstColumn('docs/errors.md', 'code').toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted())
  })

  it('docs/topics.md lists the very topics of the code', () => {
    expect(firstColumn('docs/topics.md', 'topic').toSorted()).toEqual(TOPICS.toSorted())
  })
})

/** A made-up tree, and the one sentence that the rules say about it. */
const VIOLATIONS: readonly { readonly name: string; readonly tree: Record<string, string>; readonly said: string }[] = [
  {
    name: 'a room that the table does not allow',
    tree: { 'src/events/a.ts': `import { b } from '../api/b.ts'`, 'src/api/b.ts': 'export const b = 1' },
    said: 'src/events/a.ts: events may import base; it imports src/api/b.ts',
  },
  {
    name: 'an adapter across rooms',
    tree: {
      'src/api/a.ts': `import type { M } from '../log/memory/memory-event-log.ts'`,
      'src/log/memory/memory-event-log.ts': '',
    },
    said: 'src/api/a.ts: api must import a port of log (event-log.ts), not memory/memory-event-log.ts',
  },
  {
    name: 'an adapter that knows another',
    tree: { 'src/log/memory/a.ts': `import {\n  b,\n} from '../embedded/b.ts'`, 'src/log/embedded/b.ts': '' },
    said: 'src/log/memory/a.ts: an adapter may not import another adapter, src/log/embedded/b.ts',
  },
  {
    name: 'a vendor outside of its adapter',
    tree: { 'src/api/a.ts': `const x = await import('@duckdb/node-api')` },
    said:
      'src/api/a.ts: may not use @duckdb/node-api, which belongs into src/stores/embedded/, ' +
      'src/feeds/replay/parquet-source.ts, src/engine/generate/sinks/parquet-sink.ts',
  },
  {
    name: 'a package that nobody has placed',
    tree: { 'src/engine/a.ts': `import 'left-pad/x.js'` },
    said: 'src/engine/a.ts: uses left-pad, which has no row in PACKAGES',
  },
  {
    name: 'I/O in a processor',
    tree: { 'src/processors/a.ts': `import { readFile } from 'node:fs/promises'` },
    said: 'src/processors/a.ts: processors is pure and may not use node:fs/promises',
  },
  {
    name: 'the time of day in a processor',
    tree: { 'src/processors/a.ts': 'const at = Date.now() // when?' },
    said: 'src/processors/a.ts: "Date.now" is banned here, use a Clock (src/base/clock.ts) that is given',
  },
  {
    name: 'chance without a seed',
    tree: { 'src/engine/a.ts': 'export const dice = Math.random()' },
    said: 'src/engine/a.ts: "Math.random" is banned here, use Random (src/base/random.ts)',
  },
  {
    name: 'a room that is not planned',
    tree: { 'src/reports/a.ts': '' },
    said: 'reports: is not on the house plan; add it to ROOMS and to ARCHITECTURE.md',
  },
  {
    name: 'more of a type than its type in the dashboard',
    tree: { 'dashboard/src/a.ts': `import { T } from '../../src/events/t.ts'`, 'src/events/t.ts': '' },
    said: 'dashboard/src/a.ts: the dashboard may import types only (`import type`) of src/events/t.ts',
  },
  {
    name: 'a test kit in the program',
    tree: { 'src/engine/a.ts': `import { f } from '../api/testing/f.ts'` },
    said: 'src/engine/a.ts: imports src/api/testing/f.ts, which is there for tests',
  },
  {
    name: 'an import cycle',
    tree: {
      'src/base/c.ts': `export { a } from './a.ts'`,
      'src/base/a.ts': `import { b } from './b.ts'`,
      'src/base/b.ts': `import type { c } from './c.ts'`,
    },
    said: 'import cycle: src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts',
  },
  {
    name: 'a file that grew too long',
    tree: { 'src/base/a.ts': 'export {}\n'.repeat(401) },
    said: 'src/base/a.ts: has 401 lines, at most 400; split state machine, I/O and policy',
  },
]

describe('the rules themselves', () => {
  it.each(VIOLATIONS)('see $name', ({ tree, said }) => {
    const files = Object.entries(tree).map(([path, text]) => sourceFile(path, text))
    expect(violationsOf(files, PLAN)).toEqual([said])
  })

  it('see nothing where all is well', () => {
    const tree = {
      'src/base/a.ts': `/* Date.now */ export const a = 'Math.random' // console.log\nexport class A extends B { x = 'from' }`,
      'src/events/b.ts': `import { a } from '../base/a.ts'\nexport const b = a`,
      'src/api/c.ts': `import type { EventLog } from '../log/event-log.ts'\nimport { z } from 'zod'`,
      'src/log/event-log.ts': `export type { T } from '../events/b.ts'`,
      'src/engine/d.ts': `import { M } from '../log/memory/m.ts'\nimport { join } from 'node:path'`,
      'src/log/memory/m.ts': `import type { EventLog } from '../event-log.ts'`,
    }
    const files = Object.entries(tree).map(([path, text]) => sourceFile(path, text))
    expect(violationsOf(files, PLAN)).toEqual([])
  })
})
