/**
 * A process that asks a server as often as its limiter lets it, and does nothing else. Arguments:
 * the database, the connection as JSON, the limit as JSON, the server's address, how many requests
 * are under way at once, and by how many milliseconds its clock is wrong.
 */
import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { connect, type ConnectionKey } from '@postrider/core';
import type { RouteLimit } from '../../../packages/core/src/ports/index.ts';
import { limiterOf, Limits } from '../../../packages/core/src/runtime/limits.ts';
import { machineNow } from './server.ts';

const [url = '', account = '', limited = '', server = '', atOnce = '', wrongBy = ''] =
  process.argv.slice(2);
const key = JSON.parse(account) as ConnectionKey;
const limit = JSON.parse(limited) as RouteLimit;

const wall = Date.now;
Date.now = () => wall() + Number(wrongBy);

const stop = new AbortController();
const sql = connect(url, { max: 2 });
const logger = { debug: none, info: none, warn: none, error: none };
const limits = new Limits(sql, logger, () => new Date(Date.now()));
const limiter = limiterOf({ limits, stopping: stop.signal }, key);
const agent = new Agent({ keepAlive: true });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

function none(): void {
  // Nobody reads its log.
}

async function post(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const headers = { 'x-sent': `${machineNow()}`, 'x-stalled': `${delay.max / 1e6}` };
    const options = { method: 'POST', agent, headers };
    const sent = request(`${server}/${process.pid}`, options, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end('{}');
  });
}

async function work(): Promise<void> {
  while (!stop.signal.aborted) {
    const permit = await limiter.take(limit, 1, stop.signal).catch(() => null);
    if (stop.signal.aborted) return;
    const status = await post();
    permit?.end(true);
    if (status === 429) limiter.told(limit, { kind: 'exceeded', retryAfterMs: 2000 });
  }
}

process.once('SIGTERM', () => stop.abort());
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: Number(atOnce) }, work)).catch(() => undefined);
await limits.end();
await sql.end();
agent.destroy();
