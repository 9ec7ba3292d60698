import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withLock } from '../src/lock.ts';
import { isAlive, startTick } from '../src/processes.ts';
import { nodeFlags } from './project.ts';

const child = fileURLToPath(new URL('./lock-child.ts', import.meta.url));

describe('the lock', () => {
  const dir = mkdtempSync(join(tmpdir(), 'acme-lock-'));
  after(() => rmSync(dir, { recursive: true }));

  it('lets one in at a time, and leaves no file behind', async () => {
    const path = join(dir, 'busy');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 3));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 12 }, () => withLock(path, 30_000, work)));
    assert.equal(most, 1);
    assert.deepEqual(readdirSync(dir), []);
  });

  it('is given back when the work fails', async () => {
    const path = join(dir, 'failing');
    await assert.rejects(
      withLock(path, 1000, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(existsSync(path), false);
  });

  it('waits for a living holder, then says who holds it', async () => {
    const path = join(dir, 'held');
    writeFileSync(path, `${hostname()} ${process.pid} ${startTick(process.pid)} other`);
    await assert.rejects(
      withLock(path, 60, () => Promise.resolve()),
      (error: Error & { code?: string }) =>
        error.code === 'busy' &&
        error.message.includes(String(process.pid)) &&
        error.message.includes(path),
    );
    assert.match(readFileSync(path, 'utf8'), /other$/);
    rmSync(path);
  });

  it('is inherited once from a dead holder by many who wait', async () => {
    const path = join(dir, 'dead');
    writeFileSync(path, `${hostname()} 4194304 1 dead`); // above Linux's largest pid
    assert.equal(isAlive(4_194_304), false);
    let inside = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withLock(path, 30_000, async () => {
          inside += 1;
          assert.equal(inside, 1);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside -= 1;
        }),
      ),
    );
    assert.deepEqual(readdirSync(dir), []);
  });

  it('lets one process in at a time, also where holders leave and die all the while', async () => {
    const path = join(dir, 'processes');
    const enter = (how: string): Promise<string> =>
      new Promise((resolve) => {
        const run = spawn(process.execPath, [...nodeFlags, child, path, how], {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, NODE_TEST_CONTEXT: undefined },
        });
        let out = '';
        run.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        run.on('close', () => resolve(out));
      });
    const lane = async (): Promise<string> => {
      let heard = '';
      for (let i = 0; i < 6; i += 1) heard += await enter(i % 2 === 0 ? 'live' : 'die');
      return heard;
    };
    const heard = (await Promise.all([lane(), lane(), lane(), lane()])).join('');
    assert.equal(heard, 'entered\n'.repeat(24));
  });

  it('believes a holder on another machine', async () => {
    const path = join(dir, 'foreign');
    writeFileSync(path, `another-host 1 1 x`);
    await assert.rejects(
      withLock(path, 60, () => Promise.resolve()),
      { code: 'busy' },
    );
    rmSync(path);
  });
});
