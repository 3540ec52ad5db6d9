#!/usr/bin/env node
// Plain JavaScript for any Node from 18 on: prepares the checkout, then hands over to the Node that the project brings.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare, projectNode } from '../bootstrap.mjs'

prepare()

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'engine', 'main.ts')
const child = spawn(projectNode, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
})

// Ctrl-C reaches the child by itself: this process only waits for it to end in order.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('error', (error) => {
  process.stderr.write(`finpulse: cannot run ${projectNode}: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 143))
})
