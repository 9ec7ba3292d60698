import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { killAfterGrace } from '../src/print-shop/end-process.ts';

it('ends a process that does not hear of it', async () => {
  const deaf = spawn(
    process.execPath,
    ['-e', "process.on('SIGTERM', () => {}); console.log('here'); setInterval(() => {}, 1000)"],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(deaf.stdout, 'data');
  await killAfterGrace(deaf, 100);
  assert.equal(deaf.signalCode, 'SIGKILL');
  await killAfterGrace(deaf);
});
