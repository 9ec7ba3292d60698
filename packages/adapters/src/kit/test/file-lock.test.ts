import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loader } from '../../../../../test/support/loader.ts';
import { temporaryFolder } from '../../../test/helpers.ts';
import { withFileLock } from '../file-lock.ts';

const source = new URL('../file-lock.ts', import.meta.url).href;

/** Takes the lock in a process that is killed, as by kill -9, when it calls `call` of node:fs. */
async function killedAt(call: string, lock: string): Promise<void> {
  const program = `
    import files from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    files[${JSON.stringify(call)}] = () => {
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    };
    syncBuiltinESMExports();
    const { withFileLock } = await import(${JSON.stringify(source)});
    await withFileLock(${JSON.stringify(lock)}, AbortSignal.timeout(60_000), async () => {});
    process.exit(9);
  `;
  const child = spawn(process.execPath, [...loader, '--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
}

describe('a lock between processes', () => {
  for (const call of ['mkdir', 'writeFile', 'rename', 'rm']) {
    it(`is free when its holder was killed before ${call}`, async () => {
      const lock = join(await temporaryFolder(), 'lock');
      await killedAt(call, lock);
      // Far below the age at which a lock of nobody is taken away.
      const soon = AbortSignal.timeout(20_000);
      assert.equal(await withFileLock(lock, soon, () => Promise.resolve('done')), 'done');
    });
  }

  it('lets one in at a time, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();
    let inside = 0;
    const turn = () =>
      withFileLock(join(folder, 'lock'), AbortSignal.timeout(60_000), async () => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, turn));
    assert.deepEqual(await readdir(folder), []);
  });

  it('is given back when the work fails, and not waited for when the wait is called off', async () => {
    const lock = join(await temporaryFolder(), 'lock');
    const signal = AbortSignal.timeout(60_000);
    const failing = withFileLock(lock, signal, () => Promise.reject(new Error('broken')));
    await assert.rejects(failing, /broken/);
    await withFileLock(lock, signal, async () => {
      const waiting = withFileLock(lock, AbortSignal.timeout(50), () => Promise.resolve());
      await assert.rejects(waiting, { name: /AbortError|TimeoutError/ });
    });
  });
});
