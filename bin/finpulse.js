#!/usr/bin/env node
// Plain JavaScript for any Node from 18 on: prepares the checkout, then hands over to the Node that the project brings.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare, projectNode } from '../bootstrap.mjs'

prepare()

const directory = dirname(fileURLToPath(import.meta.url))
const main = join(directory, '..', 'src', 'engine', 'main.ts')
const args = process.argv.slice(2)
const isWindows = process.platform === 'win32'
// A burst keeps to its rate: the collector begins no full collection before the heap is of this size (a burst has a
// third of it), and does not wait for a helper thread that the machine may have no core for just then.
const flagsOf = new Map(Object.entries(JSON.parse(readFileSync(join(directory, 'node-flags.json'), 'utf8'))))
const flags = flagsOf.get(args[0]) ?? []
const child = spawn(projectNode, ['--disable-warning=ExperimentalWarning', ...flags, main, ...args], {
  // By the channel the child learns that this process is gone, however it ended, and ends as well.
  stdio: isWindows ? 'inherit' : ['inherit', 'inherit', 'inherit', 'ipc'],
  shell: isWindows,
})

// The child ends in order, and this process after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`finpulse: cannot run ${projectNode}: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 143))
})
