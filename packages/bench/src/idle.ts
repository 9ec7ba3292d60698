/** `bench idle`: what a runner costs that has nothing to do. */
import type { DatabaseAddress } from '@postrider/core';
import { noopPipeline } from './noop-ports.ts';
import { pause } from './pause.ts';
import { fill, inScratch } from './scratch.ts';

/**
 * Statements that an idle runner sends in a minute, counted where they are sent, after it has
 * settled.
 */
export async function benchIdle(
  address: DatabaseAddress,
  say: (line: string) => void,
  seconds = 60,
) {
  return await inScratch(address, async (scratch) => {
    await fill(scratch.sql, 0);
    let statements = 0;
    const pipeline = noopPipeline(scratch.connect(12, { onQuery: () => (statements += 1) }));
    await pipeline.start();
    await pause(15_000);
    const before = statements;
    await pause(seconds * 1000);
    const perMinute = Math.round(((statements - before) * 60) / seconds);
    await pipeline.stop({ timeoutMs: 5000 });
    say(`an idle runner sends ${perMinute} statements a minute`);
    return { statements_per_minute: perMinute, seconds };
  });
}
