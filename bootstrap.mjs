// Runs on any Node from 18 on, before anything is installed: installs what is missing, builds what is stale.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NODE_MIN_MAJOR = 18
const root = dirname(fileURLToPath(import.meta.url))
const isWindows = process.platform === 'win32'

/** The Node that the project brings along. */
export const projectNode = join(root, 'node_modules', '.bin', isWindows ? 'node.cmd' : 'node')

/** Makes a checkout ready to run. Prints only where there is something to do. */
export function prepare() {
  if (Number(process.versions.node.split('.')[0]) < NODE_MIN_MAJOR) {
    fail(
      `Node ${process.versions.node} is too old: install Node ${NODE_MIN_MAJOR} or newer; FinPulse brings its own Node 24.`,
    )
  }
  install()
  buildDashboard()
}

function install() {
  const lockFile = join(root, 'package-lock.json')
  // npm writes this file at the end of every successful install.
  const installed = join(root, 'node_modules', '.package-lock.json')
  const isCurrent = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs
  if (isCurrent && existsSync(projectNode)) return
  say('installing dependencies (once, about half a minute) …')
  // Development packages build and test the checkout, also where NODE_ENV says production.
  run(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    'dependencies could not be installed',
  )
}

function buildDashboard() {
  const dashboard = join(root, 'dashboard')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  if (!existsSync(dashboard) || !existsSync(vite)) return
  const stampFile = join(dashboard, 'dist', '.stamp')
  const stamp = hashOf([dashboard, join(root, 'src', 'protocol'), join(root, 'package-lock.json')])
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('building the dashboard …')
  run(projectNode, [vite, 'build', dashboard, '--logLevel', 'warn'], 'the dashboard could not be built')
  writeFileSync(stampFile, stamp)
}

/** A hash over the content of files and folders, build results left out. */
function hashOf(paths) {
  const hash = createHash('sha256')
  const visit = (path) => {
    if (!statSync(path).isDirectory()) {
      hash.update(path.slice(root.length)).update(readFileSync(path))
      return
    }
    for (const entry of readdirSync(path).sort()) {
      if (entry !== 'dist' && entry !== 'node_modules') visit(join(path, entry))
    }
  }
  for (const path of paths) visit(path)
  return hash.digest('hex')
}

function run(command, args, failure) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: isWindows })
  if (error !== undefined) fail(`${failure}: ${error.message}`)
  if (status !== 0) fail(`${failure}: "${command} ${args.join(' ')}" ended with ${status}; see the lines above`)
}

function say(text) {
  process.stderr.write(`finpulse: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) prepare()
