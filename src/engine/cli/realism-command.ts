import type { Command } from 'commander'
import type { RealismFlags } from './realism.ts'

const EXAMPLES = `
Examples:
  finpulse realism
  finpulse realism --days 7 --seed 3
  finpulse realism recorded.csv.gz

The bands are the 10th and 90th percentile over 58 months of real one-minute candles of crypto futures.`

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
