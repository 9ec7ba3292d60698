import { setTimeout as sleep } from 'node:timers/promises';

export async function until(what: string, so: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 240_000; !(await so()); await sleep(50))
    if (Date.now() > deadline) throw new Error(`Never happened: ${what}`);
}
