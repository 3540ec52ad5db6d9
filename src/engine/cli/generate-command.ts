import type { Command } from 'commander'
import { DIRTY_KINDS } from '../generate/dirty-rates.ts'
import type { GenerateFlags } from './generate.ts'
import { DEFAULT_COUNT, SHARDS_MAX_COUNT, SYMBOLS_MAX_COUNT } from './generate-limits.ts'
import { GENERATE_FORMATS, GENERATE_SINKS } from './generate-place.ts'

const EXAMPLES = `
Examples:
  finpulse generate --count 5
  finpulse generate --kind trades,quotes --duration 1h --rate 500 --no-pace --out hour.ndjson.gz
  finpulse generate --rate 20000 --duration 30s --out http://127.0.0.1:9000/events --json
  finpulse generate --market crypto --symbols 1000 --count 1000000 --format csv --out million.csv
  finpulse generate --count 10000000 --shards 2 --format columnar --out burst.col     # replay reads it back
  finpulse generate --count 1000000 --format parquet --out trades.parquet
  finpulse generate --sink log --data-dir market --kind trades,quotes,payments --labels --duration 2h
  finpulse generate --kind payments --rate 2 --no-pace --duration 30d --out payments.csv --format csv --labels frauds.ndjson
  finpulse generate --kind payments --fraud compromised-card=1%,fan-in=0 --label-delay 2d --labels frauds.ndjson --out p.ndjson
  finpulse generate --duration 1d --rate 200 --no-pace --anomalies all=1 --labels truth.ndjson --out day.ndjson.gz
  finpulse generate --hours nyse --rate 20 --no-pace --duration 30d --start-time 2026-06-01T00:00:00Z --format parquet --out june.parquet
  finpulse generate --count 100000 --dirty late=1%,out-of-order=2%,duplicate=0.5%,malformed=0.1% --out dirty.ndjson
  finpulse generate --count 100 --from 900          # the last hundred of a thousand

The same seed and options give the same bytes, whole or in pieces, on any number of shards. With --rate the n-th event is
due at start + n / rate, whatever the sink does; what is late is reported as lag. docs/generating-events.md has the rest.`

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('simulated trades, quotes and payments: to standard output, a file, a log, HTTP or WebSocket')
    .option('--kind <list>', 'any of trades, quotes, payments', 'trades')
    .option('--count <number>', `events to generate (default: ${DEFAULT_COUNT})`)
    .option('--duration <duration>', 'event time to generate, instead of --count')
    .option('--rate <number>', 'events per second, kept by the clock (without it: 1000 of event time, unpaced)')
    .option('--payments-rate <number>', 'of the payments, beside trades or quotes (default: a tenth of the rate)')
    .option('--no-pace', 'with --rate: do not wait for the clock')
    .option(
      '--shape <name>',
      'constant, ramp, burst, diurnal, or a YAML file: stages: [{ duration, from, to }]',
      'constant',
    )
    .option('--seed <number>', 'same seed, same events', '1')
    .option('--start-time <time>', 'event time of the first event, ISO 8601', '2026-01-01T00:00:00Z')
    .option('--from <index>', 'begin with this event', '0')
    .option('--symbols <list>', `symbols separated by commas, or how many (at most ${SYMBOLS_MAX_COUNT}; default: ten)`)
    .option('--market <name>', 'equity or crypto (default: equity)')
    .option('--hours <name>', 'always, or nyse for the trading hours of New York (default: always)')
    .option(
      '--anomalies <rates>',
      'labelled anomalies, stretches per symbol and day, as flash-crash=2,fat-finger=4 or all=1',
    )
    .option(
      '--config <file>',
      'settings as of finpulse up: feed.{symbols,market,hours,holidays,models,anomalies}, payments',
    )
    .option('--sink <name>', `${GENERATE_SINKS.join(', ')} (default: follows from --out)`)
    .option('--out <place>', 'file (.gz is compressed), http(s):// or ws(s):// address; - is standard output (default)')
    .option('--data-dir <dir>', 'with --sink log: where the log is kept; a second run goes on where the first stopped')
    .option('--format <name>', `${GENERATE_FORMATS.join(', ')} (default: ndjson)`)
    .option('--shards <number>', `threads that generate, 1 to ${SHARDS_MAX_COUNT}; the bytes stay the same`, '1')
    .option(
      '--fraud <shares>',
      'share of the payments that is of each kind of fraud, as compromised-card=0.1%,fan-in=0',
    )
    .option(
      '--labels [file]',
      'the truth about frauds and anomalies, each when it becomes known; with --sink log into the log',
    )
    .option(
      '--label-delay <duration>',
      'median time until a fraud becomes known; 0s: each label comes with its payment (default: 7d)',
    )
    .option('--dirty <rates>', `spoil some lines: ${DIRTY_KINDS.join(', ')}, as late=1%,missing=0.1%`)
    .option('--json', 'the summary as JSON, on standard output unless the events go there')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: GenerateFlags) => {
      // What other commands do not need is not loaded for them.
      const { generate } = await import('./generate.ts')
      await generate(flags)
    })
}
