import { afterEach, expect, it } from 'vitest'
import { getJson } from '../support/http.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* `finpulse` as people start it: a launcher that hands over to the Node that the project brings. */

const UP = ['up', '--port', '0', '--data-dir', 'data', '--symbols', 'AAPL', '--backfill', '0s']

afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on, and ends in order', async (signal) => {
  const program = Program.start(UP, { cwd: tempDirectory(), byLauncher: true })
  await program.serving()
  program.process.kill(signal)
  expect(await program.waitUntilEnded(10_000)).toMatchObject({ code: 0, stderr: '' })
  expect(program.log.map(({ msg }) => msg)).toContain('stopped')
})

it('takes what it started with it when it is killed, so that the next start goes on', async () => {
  const cwd = tempDirectory()
  const first = Program.start(UP, { cwd, byLauncher: true })
  const url = await first.serving()
  await first.kill()
  await poll('the end of the engine', async () => (await getJson(`${url}/health`).catch(() => undefined)) === undefined)
  const second = Program.start(UP, { cwd, byLauncher: true })
  await second.logged('ready')
  expect(await second.interrupt()).toMatchObject({ code: 0 })
})

it('gives the exit code and the output of what it started', async () => {
  const run = (...args: string[]) => Program.run(args, { cwd: tempDirectory(), byLauncher: true })
  expect(await run('generate', '--count', '3')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^(\{.*\}\n){3}$/),
  })
  expect(await run('constructor')).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown command') })
})
