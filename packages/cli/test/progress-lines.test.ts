/** The lines of progress, of counts that are put there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workKinds, type PipelineCounts, type WorkKind } from '@postrider/core';
import { freshMachine, launched } from '../../../test/support/machine.ts';
import { sayProgress } from '../src/operate/progress.ts';
import { progressText } from '../src/operate/progress-text.ts';

function countsOf(campaigns: Readonly<Record<string, Partial<Record<WorkKind, number>>>>) {
  return Object.entries(campaigns).map(([name, some]) => ({
    campaign: { organizationId: 'o', campaignId: '00000000-0000-7000-8000-000000000000', name },
    people: Object.fromEntries(workKinds.map((kind) => [kind, some[kind] ?? 0])) as Record<
      WorkKind,
      number
    >,
  }));
}

const nothing: PipelineCounts = {
  providerCalls: { recorded: 0, dropped: 0 },
  campaigns: [],
  webhooks: 0,
  found: 0,
  calls: [],
  jobs: [],
  atWork: 0,
};

void test('five campaigns have a line each, the others share one, and nothing is lost between', async () => {
  await using machine = await freshMachine();
  const lines: { campaign: string | null; campaigns?: number; counts: Record<string, number> }[] =
    [];
  const pipeline = {
    counts: nothing,
    runnerId: 'r',
    waiting: async () => await Promise.resolve([]),
  };
  const end = sayProgress({
    pipeline,
    sql: machine.sql,
    logger: {
      debug: () => undefined,
      info: (fields) => void lines.push(fields as never),
      warn: () => undefined,
      error: () => undefined,
    },
    everyMs: 3_600_000,
  });
  const names = Array.from({ length: 12 }, (_, index) => `c${index + 1}`);
  pipeline.counts = {
    ...nothing,
    webhooks: 4,
    campaigns: countsOf(
      Object.fromEntries(names.map((name, index) => [name, { mailed: index + 1, failed: 1 }])),
    ),
  };
  await end();
  await end();
  assert.deepEqual(
    lines.map(({ campaign, campaigns }) => [campaign, campaigns]),
    [
      ['c12', undefined],
      ['c11', undefined],
      ['c10', undefined],
      ['c9', undefined],
      ['c8', undefined],
      [null, 7],
      [null, 0],
    ],
  );
  const sum = (kind: string): number =>
    lines.reduce((all, { counts }) => all + (counts[kind] ?? 0), 0);
  assert.deepEqual([sum('mailed'), sum('failed'), sum('webhooks')], [78, 12, 4]);
});

void test('a line says what moved and how fast, what waits, why it stands still, and that it is a test', () => {
  const change = {
    campaign: { organizationId: 'o', campaignId: 'c', name: 'spring\u001b[31m' },
    campaigns: 1,
    counts: { proofed: 20, mailed: 10, failed: 1 },
    totals: {},
  };
  const there = {
    campaignId: 'c',
    mode: 'live' as const,
    mailed: 1204,
    received: 3,
    returned: 0,
    inError: 2,
    waiting: 1,
    held: 0,
    withoutAddress: 0,
    cardsPerHour: null,
    doneAt: null,
    standingStill: 'the total cap leaves no card for 1 of the 1 who wait',
  };
  assert.equal(
    progressText(change, there, 10),
    'spring\\u001b[31m: 20 proofed (120 a minute), 10 mailed (60 a minute), 1 failed; ' +
      '1,204 mailed in all, 3 received, 2 in error, 1 waits, ' +
      'the total cap leaves no card for 1 of the 1 who wait',
  );
  const done = { ...there, mode: 'test' as const, doneAt: new Date(2040, 0, 2, 3, 4) };
  assert.match(
    progressText(change, done, 10),
    /^spring\\u001b\[31m \(test, nothing is printed\): .*1 waits, done about 2040-01-02 03:04$/,
  );
  assert.equal(
    progressText({ ...change, campaign: null, campaigns: 7 }, null, 10).split(':')[0],
    '7 other campaigns',
  );
});

void test('who is idle names the next reading of a list only where one is read', async () => {
  await using machine = await freshMachine();
  const lines: { next_sync_at: string | null; text: string }[] = [];
  const idle = async (): Promise<(typeof lines)[0] | undefined> => {
    lines.length = 0;
    const end = sayProgress({
      pipeline: { counts: nothing, runnerId: 'r', waiting: async () => await Promise.resolve([]) },
      sql: machine.sql,
      logger: {
        debug: () => undefined,
        info: (fields, text) =>
          void lines.push({ ...(fields as { next_sync_at: string | null }), text: String(text) }),
        warn: () => undefined,
        error: () => undefined,
      },
      everyMs: 20,
    });
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await end();
    return lines[0];
  };
  const at = await launched(machine.sql);
  const reads = await idle();
  assert.match(reads?.text ?? '', /^idle: nobody waits; lists are read again at \d\d:\d\d$/);
  assert.ok(!Number.isNaN(Date.parse(reads?.next_sync_at ?? '')));
  await machine.sql`
    update postrider.campaign set status = 'completed', ended_at = now()
    where id = ${at.campaignId}`;
  const done = await idle();
  assert.deepEqual(
    [done?.text, done?.next_sync_at],
    ['idle: nobody waits; no list is read any more', null],
  );
});
