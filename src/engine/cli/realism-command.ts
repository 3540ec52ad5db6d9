import type { Command } from 'commander'
import type { RealismFlags } from './realism.ts'

const EXAMPLES = `
Examples:
  finpulse realism
  finpulse realism --days 7 --seed 3
  finpulse realism BTCUSDT-1m-2024-08.zip
  finpulse realism btcusdt_20240808.gz btcusdt_20240809.gz --json

Recordings: all that "finpulse replay" reads, and Binance's 1m kline dumps.
The bands are the 10th and 90th percentile over 58 months of real one-minute candles of crypto futures. What a recording is
too short for is left out, with the reason; returns over holes (no trade for an hour, missing trades or klines) are, too.`

export function addRealismCommand(program: Command): void {
  program
    .command('realism')
    .description('statistics of a generated or recorded market beside those of real ones')
    .argument('[files...]', 'recordings; without any a market is generated')
    .option('--market <name>', 'equity or crypto', 'crypto')
    .option('--days <number>', 'days to generate', '30')
    .option('--seed <number>', 'seed of the generated market', '1')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], flags: RealismFlags) => {
      const { realism } = await import('./realism.ts')
      await realism(files, flags)
    })
}
