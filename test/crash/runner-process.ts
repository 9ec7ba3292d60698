/**
 * A runner as a process of its own: the real pipeline and the real adapter of the print shop. It
 * can kill or stop itself at the named points of the protocol; whatever else befalls it comes from
 * outside, as in life.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { connect, createPipeline, restoreWatermarkFolder } from '@postrider/core';
import { integrationsOf } from './integrations.ts';
import {
  RUNNER_VARIABLE,
  type RunnerConfig,
  type RunnerWord,
  type Snare,
} from './runner-config.ts';

const config = JSON.parse(process.env[RUNNER_VARIABLE] ?? '{}') as RunnerConfig;

// Synchronous: the next thing that happens may be SIGKILL.
function say(word: RunnerWord): void {
  return void writeSync(1, `${JSON.stringify(word)}\n`);
}
function log(level: string) {
  return (fields: object, message: string) => {
    if (level !== 'debug')
      process.stderr.write(`${config.name} ${level}: ${message} ${JSON.stringify(fields)}\n`);
  };
}

const passes = new Map<Snare['point'], number>();
const go = Promise.withResolvers<void>();

function pass(point: Snare['point']): Snare | undefined {
  const count = (passes.get(point) ?? 0) + 1;
  passes.set(point, count);
  const snare = config.snares.find((one) => one.point === point && one.nth === count);
  if (snare === undefined) return undefined;
  say({ said: 'snared', point });
  if (snare.how === 'kill') process.kill(process.pid, 'SIGKILL');
  if (snare.how === 'stop') process.kill(process.pid, 'SIGSTOP');
  return snare;
}

const sql = connect(config.databaseUrl, { max: 4, name: config.name });
const pipeline = createPipeline({
  sql,
  integrations: integrationsOf(config, () => void pass('adapter')),
  restoreWatermark: restoreWatermarkFolder(join(config.folder, 'restore-watermark')),
  settings: { runnerName: config.name, ...config.settings },
  logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  onPoint: async (point) => {
    if (pass(point)?.how === 'wait') await go.promise;
  },
});

async function listenForWebhooks(port: number): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [, organizationId = '', printerName = ''] = (request.url ?? '').split('/');
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const webhook = { url: request.url ?? '', headers, body: Buffer.concat(chunks) };
      pipeline.receiveWebhook(organizationId, printerName, webhook).then(
        ({ outcome }) =>
          response.writeHead(outcome === 'stored' || outcome === 'repeated' ? 204 : 401).end(),
        () => response.writeHead(503).end(),
      );
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function stop(): Promise<void> {
  const { atWork } = await pipeline.stop();
  await sql.end({ timeout: 5 });
  say({ said: 'stopped' });
  process.exit(atWork === 0 ? 0 : 1);
}
process.on('SIGTERM', () => void stop());
process.stdin.on('data', () => go.resolve());
// The parent is gone: so is the test.
process.stdin.on('end', () => process.exit(1));

await pipeline.start();
if (config.webhookPort !== null) await listenForWebhooks(config.webhookPort);
say({ said: 'ready' });
// Here and not at the end, which a killed process does not have: the next one starts in a third of
// the time.
flushCompileCache();
