import type { SourceFile } from './source-files.ts'

/** The house plan as data; see `tests/architecture.test.ts` for the real one. */
export interface HousePlan {
  /** Each room and the other rooms that it may import. */
  readonly rooms: Readonly<Record<string, readonly string[]>>
  /** Files that other rooms may import of a room with adapters. Rooms without a row show all their files. */
  readonly ports: Readonly<Record<string, readonly string[]>>
  /** Rooms that may import adapters: they choose them. */
  readonly choosesAdapters: readonly string[]
  /** Paths (a file, or a folder with `/` at its end) that may import a package or a module of Node. */
  readonly packages: Readonly<Record<string, readonly string[]>>
  /** Modules of Node that a pure room may import; rooms without a row may import any that `packages` does not bind. */
  readonly nodeModules: Readonly<Record<string, readonly string[]>>
  readonly bannedWords: readonly BannedWord[]
  readonly linesMaxCount: number
}

export interface BannedWord {
  readonly pattern: RegExp
  /** Rooms or paths in which it is banned. */
  readonly within: readonly string[]
  readonly except: readonly string[]
  readonly instead: string
}

/** What is built for tests may import whatever it likes. */
const TEST_FILE = /\.(test|contract|fixture)\.tsx?$|-test-kit\.ts$|\/(contract|testing)\//

export function isTestFile(path: string): boolean {
  return TEST_FILE.test(path)
}

/** `src/log/memory/memory-event-log.ts` is of the room `log`. */
export function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? (path.startsWith('dashboard/') ? 'dashboard' : undefined)
}

/** Every violation of the plan, each in a sentence. Test files are to be left out by the caller. */
export function violationsOf(files: readonly SourceFile[], plan: HousePlan): string[] {
  return [
    ...unplannedRooms(files, plan),
    ...files.flatMap((file) => [
      ...wrongImports(file, plan),
      ...wrongPackages(file, plan),
      ...bannedWords(file, plan),
      ...tooLong(file, plan),
    ]),
    ...importCycles(files),
  ]
}

function unplannedRooms(files: readonly SourceFile[], { rooms }: HousePlan): string[] {
  const found = new Set(files.map(({ path }) => roomOf(path) ?? path))
  return [...found]
    .filter((room) => rooms[room] === undefined)
    .map((room) => `${room}: is not on the house plan; add it to ROOMS and to ARCHITECTURE.md`)
}

function wrongImports(file: SourceFile, plan: HousePlan): string[] {
  const room = roomOf(file.path)
  const allowed = plan.rooms[room ?? '']
  if (room === undefined || allowed === undefined) return []
  return file.imports.flatMap(({ path, isTypeOnly }): string[] => {
    if (path === undefined) return []
    const target = roomOf(path)
    if (target === undefined) return [`${file.path}: imports ${path}, which is outside of the rooms`]
    if (target === room) return wrongSibling(file.path, path, plan)
    if (!allowed.includes(target)) {
      const known = allowed.length === 0 ? 'no other room' : allowed.join(', ')
      return [`${file.path}: ${room} may import ${known}; it imports ${path}`]
    }
    if (isTestFile(path)) return [`${file.path}: imports ${path}, which is there for tests`]
    if (room === 'dashboard' && !isTypeOnly) {
      return [`${file.path}: the dashboard may import types only (\`import type\`) of ${path}`]
    }
    return wrongPort(file.path, room, path, plan)
  })
}

/** Adapters of one port know the port, not each other. */
function wrongSibling(from: string, to: string, plan: HousePlan): string[] {
  const [room, adapter] = from.split('/').slice(1)
  const [, otherAdapter, rest] = to.split('/').slice(1)
  const ports = plan.ports[room ?? '']
  const areAdapters = from.split('/').length > 3 && rest !== undefined
  // A replay reads what another venue's feed parses: feeds may build on each other.
  if (ports === undefined || room === 'feeds' || !areAdapters || adapter === otherAdapter) return []
  return [`${from}: an adapter may not import another adapter, ${to}`]
}

function wrongPort(from: string, room: string, to: string, plan: HousePlan): string[] {
  const target = roomOf(to)!
  const ports = plan.ports[target]
  if (ports === undefined || plan.choosesAdapters.includes(room)) return []
  const file = to.slice(`src/${target}/`.length)
  if (ports.includes(file)) return []
  return [`${from}: ${room} must import a port of ${target} (${ports.join(', ')}), not ${file}`]
}

function wrongPackages(file: SourceFile, plan: HousePlan): string[] {
  const room = roomOf(file.path) ?? ''
  return file.imports.flatMap(({ path, specifier }): string[] => {
    if (path !== undefined) return []
    const name = packageOf(specifier)
    const places = plan.packages[name]
    if (places !== undefined) {
      if (places.some((place) => isWithin(file.path, place))) return []
      return [`${file.path}: may not use ${name}, which belongs into ${places.join(', ')}`]
    }
    if (!name.startsWith('node:')) return [`${file.path}: uses ${name}, which has no row in PACKAGES`]
    const allowed = plan.nodeModules[room]
    if (allowed === undefined || allowed.includes(name)) return []
    return [`${file.path}: ${room} is pure and may not use ${name}`]
  })
}

/** `@fastify/cors/x` is of `@fastify/cors`; `node:fs/promises` keeps its name. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function bannedWords(file: SourceFile, { bannedWords: banned }: HousePlan): string[] {
  return banned.flatMap(({ pattern, within, except, instead }): string[] => {
    if (!within.some((place) => isWithin(file.path, place))) return []
    if (except.some((place) => isWithin(file.path, place))) return []
    const word = pattern.exec(file.code)?.[0]
    return word === undefined ? [] : [`${file.path}: "${word}" is banned here, use ${instead}`]
  })
}

function isWithin(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place
}

function tooLong(file: SourceFile, { linesMaxCount }: HousePlan): string[] {
  if (file.lineCount <= linesMaxCount) return []
  return [`${file.path}: has ${file.lineCount} lines, at most ${linesMaxCount}; split state machine, I/O and policy`]
}

/** Each cycle once, told from its first file in order of the alphabet. */
function importCycles(files: readonly SourceFile[]): string[] {
  const importsByPath = new Map(files.map(({ path, imports }) => [path, imports.flatMap((found) => found.path ?? [])]))
  const done = new Set<string>()
  const cycles = new Set<string>()
  const trail: string[] = []
  const visit = (path: string): void => {
    const at = trail.indexOf(path)
    if (at >= 0) cycles.add(cycleText(trail.slice(at)))
    if (at >= 0 || done.has(path) || !importsByPath.has(path)) return
    trail.push(path)
    for (const next of importsByPath.get(path)!) visit(next)
    trail.pop()
    done.add(path)
  }
  for (const path of importsByPath.keys()) visit(path)
  return [...cycles]
}

function cycleText(cycle: readonly string[]): string {
  const first = cycle.toSorted()[0]!
  const start = cycle.indexOf(first)
  const inOrder = [...cycle.slice(start), ...cycle.slice(0, start), first]
  return `import cycle: ${inOrder.join(' → ')}`
}
