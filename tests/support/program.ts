import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { poll } from './poll.ts'

const ROOT = new URL('../../', import.meta.url)
/** The tests start the program some two hundred times: what was compiled once is compiled. */
const COMPILE_CACHE = fileURLToPath(new URL('node_modules/.cache/node-compile', ROOT))
const MAIN = fileURLToPath(new URL('src/engine/main.ts', ROOT))
const LAUNCHER = fileURLToPath(new URL('bin/finpulse.js', ROOT))
/** A start takes half a second; a loaded machine may need many times that. */
const START_LIMIT_MS = 30_000
const RUN_LIMIT_MS = 60_000
/** Settings of the machine that runs the tests must not reach the program. */
const OWN_VARIABLE = /^(FINPULSE_.*|SYMBOLS|TRADES_PER_SECOND|PORT|NODE_OPTIONS|VITEST.*)$/

export interface ProgramOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** By `bin/finpulse.js`, which starts the program, instead of the program itself. */
  readonly byLauncher?: boolean
  /** Longest file that the program can write, as on a disk that is full; a multiple of 512. */
  readonly fileMaxBytes?: number
}

export interface ProgramEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A line of the program's log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly url?: string
  readonly [field: string]: unknown
}

const running = new Set<Program>()

/** The real command-line program as a process of its own. Tests end with `killAllPrograms` in `afterEach`. */
export class Program {
  readonly process: ChildProcess
  readonly ended: Promise<ProgramEnd>
  stdout = ''
  stderr = ''
  /** Set once the process is gone and all that it printed was read. */
  end: ProgramEnd | undefined

  private constructor(child: ChildProcess) {
    this.process = child
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    // A program that ends early does not read its input to the end.
    child.stdin!.on('error', () => undefined)
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => {
        running.delete(this)
        this.end = { code, signal, stdout: this.stdout, stderr: this.stderr }
        resolve(this.end)
      })
    })
    running.add(this)
  }

  static start(args: readonly string[], { cwd, env = {}, byLauncher = false, fileMaxBytes }: ProgramOptions): Program {
    const own = Object.entries(process.env).filter(([name]) => !OWN_VARIABLE.test(name))
    const program = byLauncher ? [LAUNCHER] : ['--disable-warning=ExperimentalWarning', MAIN]
    const limit = fileMaxBytes === undefined ? [] : ['sh', '-c', `ulimit -f ${fileMaxBytes / 512}; exec "$0" "$@"`]
    const [command, ...rest] = [...limit, process.execPath, ...program, ...args]
    const child = spawn(command!, rest, {
      cwd,
      env: { ...Object.fromEntries(own), NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
      stdio: 'pipe',
    })
    return new Program(child)
  }

  /** Runs to the end. Rejects, and kills it, where that takes more than a minute. */
  static async run(
    args: readonly string[],
    options: ProgramOptions & { stdin?: string | Buffer },
  ): Promise<ProgramEnd> {
    const program = Program.start(args, options)
    program.process.stdin!.end(options.stdin ?? '')
    return program.waitUntilEnded(RUN_LIMIT_MS)
  }

  async waitUntilEnded(limitMs: number): Promise<ProgramEnd> {
    await poll(`the end of the program; so far ${this.#told()}`, () => this.end, limitMs).catch(async (error) => {
      await this.kill()
      throw error
    })
    return this.ended
  }

  /** The whole lines of its log so far. */
  get log(): LogLine[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine)
  }

  /** Waits for a line of the log. Rejects where the program ends before it. */
  async logged(msg: string, limitMs = START_LIMIT_MS): Promise<LogLine> {
    return poll(
      `"${msg}" in the log; so far ${this.#told()}`,
      () => {
        const line = this.log.find((candidate) => candidate.msg === msg)
        if (line === undefined && this.end !== undefined) throw new Error(`ended before "${msg}": ${this.#told()}`)
        return line
      },
      limitMs,
    )
  }

  /** @returns the URL it serves */
  async serving(): Promise<string> {
    return (await this.logged('serving')).url!
  }

  /** Ctrl-C. */
  async interrupt(limitMs = START_LIMIT_MS): Promise<ProgramEnd> {
    this.process.kill('SIGINT')
    return this.waitUntilEnded(limitMs)
  }

  /** kill -9. */
  async kill(): Promise<ProgramEnd> {
    this.process.kill('SIGKILL')
    return this.ended
  }

  #told(): string {
    return `stdout ${this.stdout.slice(-2000)} stderr ${this.stderr.slice(-2000)}`
  }
}

/** Ends what a failed test has left behind. */
export async function killAllPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.kill()))
}
