import type { Command } from 'commander'
import { serve } from './serve.ts'
import { type ServerFlags, type UpFlags, upConfig } from './settings.ts'

/** Options of every command that starts the server. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--data-dir <dir>', 'where log and store are kept (default: .finpulse)')
    .option('--port <port>', 'port of API and page; 0 takes any free one (default: 8000, or PORT)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--config <file>', 'settings in YAML or JSON; flags and environment come before it')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (default: info)')
    .option('--venue-api', 'speak Binance at /binance: its REST and WebSocket over the data of this engine')
}

export type { ServerFlags }

const EXAMPLES = `
Examples:
  finpulse up
  finpulse up --symbols AAPL,MSFT --rate 5000
  finpulse up --port 9000 --data-dir /tmp/market --backfill 2h
  finpulse up --feed binance --symbols btcusdt,ethusdt
  finpulse up --feed kraken --symbols BTC/USD,ETH/USD
  ALPHA_VANTAGE_API_KEY=… finpulse up --feed alpha-vantage --symbols IBM,MSFT
  finpulse up --feed push                # nothing but what POST /api/v1/events and /ws/push bring
  finpulse up --anomalies flash-crash=4,pump-and-dump=2 --payments-rate 50
  SYMBOLS=AAPL,TSLA TRADES_PER_SECOND=1000 PORT=9000 finpulse up

The first start lives through the last 24 hours in a few seconds. Started again, it goes on where it stopped.`

export function addUpCommand(program: Command): void {
  const command = program
    .command('up')
    .description('simulated or live market → log → candles and alerts → store → API and page, on this machine')
    .option('--feed <name>', 'simulator, binance, kraken, alpha-vantage, threshold or push (default: simulator)')
    .option('--feed-url <url>', "of a live feed: base address instead of the venue's own, ws(s)://… or http(s)://…")
    .option('--symbols <list>', 'symbols, separated by commas (default: ten well-known ones, or SYMBOLS)')
    .option('--rate <number>', 'trades per second over all symbols (default: 100, or TRADES_PER_SECOND)')
    .option('--seed <number>', 'seed of the market: same seed, same trades (default: 1)')
    .option('--backfill <duration>', 'history that a new market lives through first (default: 24h)')
    .option('--start-time <time>', 'event time of the first trade, ISO 8601, instead of now less the back-fill')
    .option('--count <number>', 'stop generating after this many trades')
    .option('--market <name>', 'of the simulator: equity or crypto (default: equity)')
    .option('--hours <name>', 'of the simulator: always, or nyse for the trading hours of New York (default: always)')
    .option(
      '--anomalies <rates>',
      'of the simulator: labelled anomalies, a symbol and day, as flash-crash=2,fat-finger=4',
    )
    .option('--payments-rate <number>', 'payments per second, with labelled frauds among them (default: none)')
    .addHelpText('after', EXAMPLES)
  addServerOptions(command).action((flags: UpFlags) => serve(upConfig(flags, process.env)))
}
