import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

export interface Import {
  /** As written: `../base/clock.ts`, `zod`, `node:fs`. */
  readonly specifier: string
  /** Path from the root of the repository where the specifier is relative. */
  readonly path: string | undefined
  /** `import type`: gone when the program runs. */
  readonly isTypeOnly: boolean
}

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly imports: readonly Import[]
  /** The program without its comments and the content of its texts. */
  readonly code: string
  readonly lineCount: number
}

/** The TypeScript files below `directory`, a path from `root`; what is installed or built is left out. */
export function readSourceFiles(root: string, directory: string): SourceFile[] {
  return readdirSync(`${root}/${directory}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => posix.relative(root, `${entry.parentPath}/${entry.name}`))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path))
    .sort()
    .map((path) => sourceFile(path, readFileSync(`${root}/${path}`, 'utf8')))
}

export function sourceFile(path: string, text: string): SourceFile {
  const lines = text.split('\n')
  return {
    path,
    imports: importsOf(path, text),
    code: text.replace(BLOCK_COMMENT, '').replace(TEXT_LITERAL, "''").replace(LINE_COMMENT, ''),
    lineCount: lines.at(-1) === '' ? lines.length - 1 : lines.length,
  }
}

/** Between `import` or `export` and `from` stand names only; with anything else allowed, `export class … 'x'` would match. */
const STATIC_IMPORT = /^[ \t]*(?:import|export)\s+(type\s)?[\w\s{},*$]*?\bfrom\s*['"]([^'"]+)['"]/gm
const BARE_IMPORT = /^[ \t]*import\s*['"]([^'"]+)['"]/gm
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]/g
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//g
const LINE_COMMENT = /\/\/.*$/gm
const TEXT_LITERAL = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g

function importsOf(path: string, code: string): Import[] {
  const imports = [
    ...[...code.matchAll(STATIC_IMPORT)].map((match) => ({ specifier: match[2]!, isTypeOnly: match[1] !== undefined })),
    ...[...code.matchAll(BARE_IMPORT)].map((match) => ({ specifier: match[1]!, isTypeOnly: false })),
    ...[...code.matchAll(DYNAMIC_IMPORT)].map((match) => ({ specifier: match[1]!, isTypeOnly: false })),
  ]
  return imports.map(({ specifier, isTypeOnly }) => ({
    specifier,
    isTypeOnly,
    path: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined,
  }))
}
