/**
 * Enters the lock, notices whether somebody else is inside, and ends at once: in peace, or (`die`)
 * killed before it can give the lock back.
 */
import { mkdirSync, rmdirSync, writeSync } from 'node:fs';
import { withLock } from '../src/lock.ts';

const [path = '', how] = process.argv.slice(2);
await withLock(path, 60_000, async () => {
  try {
    mkdirSync(`${path}-inside`);
  } catch {
    writeSync(1, 'collision\n');
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  rmdirSync(`${path}-inside`);
  writeSync(1, 'entered\n');
  if (how === 'die') process.kill(process.pid, 'SIGKILL');
});
