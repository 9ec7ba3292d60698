/** Ends a process that this one started, and knows that it has ended. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const GRACE_MS = 2000;

/**
 * SIGTERM, and SIGKILL where that is not obeyed: one that hangs in a call of the system never hears
 * the first.
 */
export async function killAfterGrace(child: ChildProcess, graceMs = GRACE_MS): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  const killing = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(killing);
}
