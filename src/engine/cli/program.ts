import { Command, CommanderError } from 'commander'
import { FinPulseError } from '../../base/errors.ts'
import { VERSION } from '../version.ts'
import { addGenerateCommand } from './generate-command.ts'
import { addRealismCommand } from './realism-command.ts'
import { addReplayCommand } from './replay-command.ts'
import { endWithLauncher } from './stop-signals.ts'
import { addUpCommand } from './up-command.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** The command-line program. Sets the exit code: 1 where something failed, 2 where the call itself was wrong. */
export async function run(argv: readonly string[]): Promise<void> {
  endWithLauncher()
  const program = new Command('finpulse')
  program
    .description(
      'Real-time financial event engine: feed → durable log → exact candles and alerts → store → API → page.',
    )
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError('(finpulse --help tells what there is)')
    .exitOverride()
  addUpCommand(program)
  addReplayCommand(program)
  addGenerateCommand(program)
  addRealismCommand(program)
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  // Commander has printed its own message; help and version end that way too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  if (error instanceof FinPulseError && error.code !== 'internal' && error.code !== 'worker-failed') {
    process.stderr.write(`finpulse: ${error.message} [${error.code}]\n`)
    return error.code === 'config-invalid' ? EXIT_USAGE : EXIT_FAILURE
  }
  // What ended a thread has its place in the cause.
  const origin = error instanceof FinPulseError && error.cause instanceof Error ? error.cause : error
  const text = origin instanceof Error ? (origin.stack ?? origin.message) : String(origin)
  process.stderr.write(`finpulse: this is a defect in FinPulse, please report it:\n${text}\n`)
  return EXIT_FAILURE
}
