/** Several processes share the limit of a route, as a server that counts their requests sees it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConnectionKey } from '@postrider/core';
import type { RouteLimit } from '../../../packages/core/src/ports/index.ts';
import { usedShare, worstWindow } from '@postrider/bench/worst-window';
import { sharedMachine } from '../rig.ts';
import { newConnection } from '../rig/connections.ts';
import { countingServer, machineNow, type CountingServer } from './server.ts';

const rig = sharedMachine();
const limit: RouteLimit = { route: 'POST /postcards', windows: [{ requests: 150, ms: 5000 }] };
const [window = { requests: 0, ms: 0 }] = limit.windows;

/** Ended with the test, whatever becomes of it. */
interface Runner extends AsyncDisposable {
  end(signal: NodeJS.Signals): Promise<void>;
}

async function runner(
  key: ConnectionKey,
  server: CountingServer,
  { atOnce = 40, wrongBy = 0 } = {},
): Promise<Runner> {
  const file = join(import.meta.dirname, 'limited-runner.ts');
  const told = [rig.machine.url, JSON.stringify(key), JSON.stringify(limit), server.url];
  const child = spawn(
    process.execPath,
    [...process.execArgv, file, ...told, `${atOnce}`, `${wrongBy}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exit = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exit;
  };
  await once(child.stdout, 'data');
  return { end, [Symbol.asyncDispose]: async () => await end('SIGKILL') };
}

async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * As they were sent, with three quarters of the slack to spare for the way; and as they arrived.
 * Where the processes were kept from their work for longer than that, a request was longer on its
 * way than any limiter can know: so much shorter is the window that is looked at.
 */
function neverAbove({ sent, arrivals, stalledMs }: CountingServer): void {
  const forTheWay = 0.035 * window.ms * 0.75;
  // A millisecond: a date of JavaScript knows nothing of the rest.
  const given = Math.min(window.ms, window.ms + forTheWay - stalledMs - 1);
  assert.ok(worstWindow(sent, given) <= window.requests, `sent; stalled for ${stalledMs}`);
  const ways = arrivals.map((at, index) => at - (sent[index] ?? NaN));
  const differ = Math.max(...ways) - Math.min(...ways);
  const heard = Math.min(window.ms, window.ms + forTheWay - stalledMs - differ - 1);
  const told = `arrived; stalled for ${stalledMs}, on the way between them ${differ}`;
  assert.ok(worstWindow(arrivals, heard) <= window.requests, told);
}

// How much of it they use is seen by `bench submit`, and in slots.test.ts by a clock that is
// turned: here it would tell how busy the machine is.
void test('two runners share the limit and never use more than all of it, whatever their clocks say; when one is killed the other takes its part', async () => {
  await using server = await countingServer();
  const key = await newConnection(rig.sql);
  await using one = await runner(key, server, { wrongBy: -3_600_000 });
  await using other = await runner(key, server, { wrongBy: 86_400_000 });
  // The burst at the start, and what follows it.
  await after(2000);
  const from = machineNow();
  // Three times the window and its slack: so often the first burst comes again.
  const to = from + 3 * 1.035 * window.ms;
  await after(to - from + 200);
  const share = usedShare(server.arrivals, window, { from, to });
  assert.ok(share > 0.6 && share <= 1, `${share}`);
  assert.equal(server.by.size, 2);
  for (const many of server.by.values()) assert.ok(many > server.arrivals.length / 4);
  await one.end('SIGKILL');
  const killedAt = machineNow();
  await after(6000);
  const left = usedShare(server.arrivals, window, { from: killedAt, to: machineNow() });
  // Half of it was the other's.
  assert.ok(left > 0.6, `${left}`);
  await other.end('SIGTERM');
  neverAbove(server);
});

void test('429 to one runner is obeyed by both within a second, until the time told', async () => {
  await using server = await countingServer();
  const key = await newConnection(rig.sql);
  await using one = await runner(key, server);
  await using other = await runner(key, server);
  await after(1500);
  server.refuse(1);
  await after(5000);
  await Promise.all([one.end('SIGTERM'), other.end('SIGTERM')]);
  const [at = 0] = server.refused;
  const closed = server.arrivals.filter((arrival) => arrival > at + 1000 && arrival < at + 1950);
  assert.deepEqual(closed, []);
  assert.ok(server.arrivals.some((arrival) => arrival > at + 1950 && arrival < at + 2600));
});
