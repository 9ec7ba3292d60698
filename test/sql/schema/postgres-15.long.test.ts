/**
 * The oldest PostgreSQL that is supported: a representative part of the tests of the machine, on a
 * server of that version, where its programs are found.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pg15Binaries, startServer } from '../../support/server.ts';

const FILES = [
  'sql/sync/sync',
  'sql/sync/sync-report',
  'sql/sync/left-segment',
  'sql/mail/evidence',
  'sql/mail/contradictory-evidence',
  'sql/house/partitions',
  'pipeline/settings/hostile-settings',
];

void test('the machine is the same on PostgreSQL 15', async (context) => {
  if (process.env['POSTRIDER_TEST_PG'] === '15' || process.env['POSTRIDER_TEST_MAJOR'] === '15')
    return; // everything runs there already
  if (pg15Binaries() === null) {
    context.diagnostic(
      'NOT RUN on PostgreSQL 15: its programs were not found; ' +
        'set POSTRIDER_PG15_BIN to their directory',
    );
    return;
  }
  const server = await startServer({ major: 15 });
  try {
    assert.equal(server.major, 15);
    const files = FILES.map((name) => join(import.meta.dirname, '../..', `${name}.test.ts`));
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const run = spawn(
      process.execPath,
      [
        ...process.execArgv.filter((flag) => !/^--(test|inspect)/.test(flag)),
        '--test',
        '--test-concurrency=2',
        '--test-reporter=tap',
        ...files,
      ],
      {
        env: { ...environment, POSTRIDER_TEST_SERVER: server.adminUrl },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    run.stdout.setEncoding('utf8');
    run.stdout.on('data', (text: string) => (output += text));
    const code = await new Promise((resolve) => run.once('exit', resolve));
    const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
    context.diagnostic(`${passed} tests of ${FILES.join(', ')} ran on PostgreSQL 15`);
    assert.equal(code, 0, output);
    assert.ok(passed > 30);
  } finally {
    await server.drop();
  }
});
