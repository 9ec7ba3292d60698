/** A program of its own for `life.test.ts`: starts a pipeline, stops it while it starts, and has nothing else to do. */
import { createNoopImageHost, createNoopPrinter, createNoopRenderer } from '@postrider/adapters';
import { connect, createPipeline, integrationsOf } from '@postrider/core';

const sql = connect(process.env['DATABASE_URL'] ?? '');
const pipeline = createPipeline({
  sql,
  integrations: integrationsOf({
    audience: {
      async *members() {
        yield await Promise.resolve({ members: [], rejects: [], waitedMs: 0 });
      },
    },
    renderer: createNoopRenderer(),
    imageHost: createNoopImageHost(),
    printer: createNoopPrinter(),
  }),
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
