/** The log of a process, as it stands on its stderr. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { loader } from '../../../test/support/loader.ts';

const logger = new URL('../src/run/logger.ts', import.meta.url).href;

/** What a process says that logs this. */
function said(format: string, fields: object, message: string): string {
  const program = `
    const { createLogger } = await import(${JSON.stringify(logger)});
    const flags = { json: false, quiet: false, verbose: false, live: false };
    const out = { ...flags, tint: (_style, text) => text };
    const log = await createLogger(out, 'info', ${JSON.stringify(format)});
    log.warn(${JSON.stringify(fields)}, ${JSON.stringify(message)});
    log.debug({}, 'unsaid');`;
  const args = [...loader, '--input-type=module', '--eval', program];
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stderr;
}

void test('a log leaves passwords out of fields and messages, in each of its formats', () => {
  const error = 'connect postgres://ada:s3cret@db:5432/x failed';
  const nested = {
    list: [{ dsn: 'host=db password=s3cret user=ada', other: 'password=s3cret' }],
  };
  for (const format of ['json', 'text', 'auto']) {
    const text = said(format, { error, nested }, `no answer of ${error}`);
    assert.doesNotMatch(text, /s3cret/, text);
    assert.match(text, /ada:\*\*\*@db/);
    if (format === 'text') assert.match(text, /^\d\d:\d\d:\d\d warn {2}no answer of/);
    else assert.equal((JSON.parse(text) as { level: string }).level, 'warn');
  }
});

void test('of an event text has the message, and JSON the fields too', () => {
  assert.equal(
    said('text', { event: 'progress', counts: { mailed: 3 } }, '3 mailed').slice(9),
    'warn  3 mailed\n',
  );
  const { event, counts, message } = JSON.parse(
    said('json', { event: 'progress', counts: { mailed: 3 } }, '3 mailed'),
  ) as Record<string, unknown>;
  assert.deepEqual([event, counts, message], ['progress', { mailed: 3 }, '3 mailed']);
});
