import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// What was compiled once is not compiled again: it saves most of the time that a start takes.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/finpulse', import.meta.url)))

const { run } = await import('./cli/program.ts')
await run(process.argv)
