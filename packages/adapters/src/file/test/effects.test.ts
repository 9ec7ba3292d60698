import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { contractContext, describeEffectsContract, exampleEffect } from '@postrider/core/contract';
import type { EffectItem } from '@postrider/core/ports';
import { loader } from '../../../../../test/support/loader.ts';
import { createFileEvents, createFileMeter } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';

function item(key: string): EffectItem {
  return exampleEffect({ key });
}

async function keysIn(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as EffectItem).key]));
}

for (const [kind, name, make] of [
  ['file meter', 'usage.ndjson', (folder: string) => createFileMeter({}, wiringAt(folder)).record],
  ['file events', 'events.ndjson', (folder: string) => createFileEvents({}, wiringAt(folder)).emit],
] as const) {
  describeEffectsContract(kind, async () => {
    const folder = await temporaryFolder();
    return {
      write: make(folder),
      counted: () => keysIn(join(folder, 'data', name)),
      restarted: async () => make(folder),
      close: async () => undefined,
    };
  });
}

describe('Effects in a file', () => {
  it('writes lines that say what was sent', async () => {
    const folder = await temporaryFolder();
    await createFileMeter({ path: 'usage.ndjson' }, wiringAt(folder)).record(
      [item('k1')],
      contractContext(),
    );
    assert.deepEqual(JSON.parse(await readFile(join(folder, 'usage.ndjson'), 'utf8')), {
      key: 'k1',
      status: 'sent',
      occurredAt: '2026-11-24T12:00:00.000Z',
      isBackfill: false,
      externalId: 'p1',
      organization: 'Bakery',
      campaign: 'spring',
      mode: 'live',
      format: '4x6',
      mailClass: 'first_class',
      tracking: item('k1').tracking,
      organizationId: 'o',
      campaignId: 'c',
      recipientId: 'r',
      mailpieceId: 'm',
    });
  });

  it('cuts away a line that a crash cut off, and counts its key again', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'usage.ndjson');
    const meter = createFileMeter({ path: 'usage.ndjson' }, wiringAt(folder));
    await meter.record([item('k1')], contractContext());
    await appendFile(file, '{"key":"k2","occurr');
    await createFileMeter({ path: 'usage.ndjson' }, wiringAt(folder)).record(
      [item('k3'), item('k2')],
      contractContext(),
    );
    await meter.record([item('k2'), item('k4')], contractContext());
    assert.deepEqual(await keysIn(file), ['k1', 'k3', 'k2', 'k4']);
  });

  it('takes the lock of a process that is gone, and waits for one that lives', async () => {
    const folder = await temporaryFolder();
    const lock = join(folder, 'usage.ndjson.lock');
    const meter = createFileMeter({ path: 'usage.ndjson' }, wiringAt(folder));
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await mkdir(lock);
    await writeFile(
      join(lock, 'owner'),
      JSON.stringify({ pid: child.pid, host: hostname(), token: 'x' }),
    );
    assert.deepEqual(await meter.record([item('k1')], contractContext()), [{ outcome: 'done' }]);

    await mkdir(lock);
    await writeFile(
      join(lock, 'owner'),
      JSON.stringify({ pid: process.pid, host: hostname(), token: 'y' }),
    );
    const [waited] = await meter.record(
      [item('k2')],
      contractContext({ signal: AbortSignal.timeout(150) }),
    );
    assert.equal(waited?.outcome, 'retry');
    assert.deepEqual(await keysIn(join(folder, 'usage.ndjson')), ['k1']);
  });

  it('counts each key once when several processes tell the same keys, one of them killed in the middle', async () => {
    const folder = await temporaryFolder();
    const source = new URL('../index.ts', import.meta.url).href;
    const program = `
      import { createFileMeter } from ${JSON.stringify(source)};
      import { contractContext } from '@postrider/core/contract';
      const baseDirectory = ${JSON.stringify(folder)};
      const home = { baseDirectory, dataDirectory: '', secret: () => undefined };
      const meter = createFileMeter({ path: 'usage.ndjson' }, home);
      const item = (key) => ({ key, reference: {}, occurredAt: '', data: {} });
      for (let i = 0; i < 40; i++) {
        const results = await meter.record([item('k' + i), item('k' + (i + 1))], contractContext());
        if (results.some(({ outcome }) => outcome !== 'done'))
          throw new Error(JSON.stringify(results));
      }
    `;
    const here = fileURLToPath(new URL('.', import.meta.url));
    const run = () =>
      spawn(process.execPath, [...loader, '--input-type=module', '-e', program], {
        cwd: here,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
    const children = [run(), run(), run()];
    const killed = children[0];
    const ends = children.map((child) => once(child, 'exit'));
    while ((await keysIn(join(folder, 'usage.ndjson')).catch(() => [])).length < 5)
      await new Promise((resolve) => setTimeout(resolve, 5));
    killed?.kill('SIGKILL');
    const codes = (await Promise.all(ends)).map(([code]) => code as number | null);
    assert.deepEqual(codes.slice(1), [0, 0]);
    const keys = await keysIn(join(folder, 'usage.ndjson'));
    assert.deepEqual(keys.toSorted(), Array.from({ length: 41 }, (_, i) => `k${i}`).toSorted());
  });

  it('puts off what it cannot write', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const [result] = await createFileEvents({ path: 'file/events.ndjson' }, wiringAt(folder)).emit(
      [item('k')],
      contractContext(),
    );
    assert.equal(result?.outcome, 'retry');
    if (result?.outcome === 'retry')
      assert.match(result.message, /events\.ndjson cannot be written/);
  });
});
