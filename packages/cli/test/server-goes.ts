/**
 * `postrider run` while the server goes: it ends by its own decision, with a code and a sentence,
 * or it goes on.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { startServer, type OwnServer } from '../../../test/support/server.ts';
import { ended, projectHome, startCli, type CliPlace, type CliRun } from './cli.ts';

export interface Stage extends AsyncDisposable {
  readonly server: OwnServer;
  readonly place: CliPlace;
  /** How long a start takes here and now, in milliseconds. */
  readonly startMs: number;
}

interface Process {
  /** Resolves when it has said that it is ready, or has ended before. */
  readonly ready: Promise<boolean>;
  readonly end: Promise<CliRun>;
  kill(signal: NodeJS.Signals): void;
}

function spawned(place: CliPlace): Process {
  const child = startCli(place, ['run', '--json', '--no-http']);
  const end = ended(child);
  const ready = new Promise<boolean>((resolve) => {
    child.stdout?.on('data', (text: string) => {
      if (text.includes('"ready"')) resolve(true);
    });
    void end.then(() => resolve(false));
  });
  return { ready, end, kill: (signal) => void child.kill(signal) };
}

export async function openStage(): Promise<Stage> {
  const server = await startServer();
  const machine: Machine = await freshMachine(server.adminUrl);
  const home = projectHome();
  const place: CliPlace = { url: machine.url, home: home.path };
  const before = performance.now();
  const first = spawned(place);
  assert.equal(await first.ready, true, (await Promise.race([first.end, sleep(0)]))?.stderr);
  const startMs = performance.now() - before;
  first.kill('SIGTERM');
  assert.equal((await first.end).code, 0);
  return {
    server,
    place,
    startMs,
    async [Symbol.asyncDispose]() {
      if (server.pid() === null) await server.start();
      await machine[Symbol.asyncDispose]();
      await server.drop();
      home.remove();
    },
  };
}

export interface Going {
  readonly how: 'killed' | 'stopped';
  /** Whether it comes back at once. */
  readonly back: boolean;
  /** When, in milliseconds after the process began to start, or to stop. */
  readonly afterMs: number;
  readonly phase: 'start' | 'stop';
}

/** What an error looks like that nobody has heard. */
const RAW = /triggerUncaughtException|^\s+at .*\(?(node:|file:|\/)|Node\.js v\d/m;

export async function goesWhile(
  { server, place }: Stage,
  { how, back, afterMs, phase }: Going,
): Promise<void> {
  const told =
    `${how}, ${back ? 'and started' : 'for good'}, ${Math.round(afterMs)} ms after the ` +
    `${phase} began`;
  const runner = spawned(place);
  if (phase === 'stop') {
    assert.equal(await runner.ready, true, told);
    runner.kill('SIGTERM');
  }
  await sleep(afterMs);
  await (how === 'killed' ? server.kill9() : server.stop());
  if (back) await server.start();
  // Where it has become ready it goes on, until it is told to end.
  if (phase === 'start' && (await runner.ready)) runner.kill('SIGTERM');
  const { code, stderr } = await runner.end;
  if (server.pid() === null) await server.start();
  assert.doesNotMatch(stderr, RAW, told);
  assert.ok(code === 0 || code === 1 || code === 69, `${told}: it ended with ${code}\n${stderr}`);
  // Told to stop, and with no database to say whether anybody is still at work.
  if (code === 1) assert.match(stderr, /the database did not say\. Nothing is lost/, told);
  if (code === 69) assert.match(stderr, /"exitCode":69/, told);
}
