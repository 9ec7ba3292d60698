/**
 * A program of its own for `life.test.ts`: starts a pipeline, stops it while it starts, and has
 * nothing else to do.
 */
import { connect, createPipeline, integrationsOf } from '@postrider/core';
import { noopPorts } from '../rig.ts';

const sql = connect(process.env['DATABASE_URL'] ?? '');
const pipeline = createPipeline({
  sql,
  integrations: integrationsOf(noopPorts()),
  restoreWatermark: 'not kept',
});
await sql`select 1`;
const started = pipeline.start().then(
  () => 'no error',
  (error: unknown) => (error instanceof Error ? error.name : String(error)),
);
await new Promise((resolve) => setTimeout(resolve, Number(process.env['DELAY_MS'])));
await pipeline.stop();
process.stdout.write(`start: ${await started}\n`);
await sql.end();
