/** What a program hands over is looked at first: all that is wrong is said at once, by its name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as core from '@postrider/core';
import {
  connect,
  createPipeline,
  defaultSettings,
  endCampaign,
  integrationsOf,
  InvalidOptionsError,
  isMachineError,
  launch,
  launchPreview,
  suppress,
  type Pipeline,
} from '@postrider/core';
import { freshMachine } from '../../support/machine.ts';
import { noopPorts, open } from '../rig.ts';

const sql = connect('postgres://nobody@127.0.0.1:1/nothing');
const whole = {
  sql,
  integrations: integrationsOf(noopPorts()),
  restoreWatermark: 'not kept' as const,
};

/** What is said of each option, by its name. */
function problemsOf(call: () => unknown): Readonly<Record<string, string>> {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof InvalidOptionsError, String(error));
    for (const { option, message } of error.problems)
      assert.ok(error.message.includes(`${option} ${message}`));
    return Object.fromEntries(error.problems.map(({ option, message }) => [option, message]));
  }
  return {};
}

function withSettings(settings: object): unknown {
  return createPipeline({ ...whole, settings });
}

void test('settings that are out of bounds, of another kind or unknown are all named in one error', () => {
  assert.deepEqual(
    problemsOf(() =>
      withSettings({
        leaseMs: -5,
        mailSlots: 'x',
        proofSlots: -1,
        cohortSize: 0,
        pageSize: 1.5,
        batchSize: Number.NaN,
        beats: 'yes',
        runnerName: '',
        leesMs: 1,
      }),
    ),
    {
      'settings.leaseMs': 'must be at least 1, not -5',
      'settings.mailSlots': 'must be a number, not "x"',
      'settings.proofSlots': 'must be at least 0, not -1',
      'settings.cohortSize': 'must be at least 1, not 0',
      'settings.pageSize': 'must be a whole number, not 1.5',
      'settings.batchSize': 'must be a number, not NaN',
      'settings.beats': 'must be true or false, not "yes"',
      'settings.runnerName': 'must be a text that is not blank, not ""',
      'settings.leesMs': 'is no option here; did you mean leaseMs?',
    },
  );
});

void test('a time that a timer cannot wait, or a lease longer than the machine takes, is out of bounds', () => {
  const problems = problemsOf(() =>
    withSettings({ reapMs: 2 ** 31, adapterTimeoutMs: Infinity, leaseMs: 86_400_001 }),
  );
  assert.deepEqual(Object.keys(problems).toSorted(), [
    'settings.adapterTimeoutMs',
    'settings.leaseMs',
    'settings.reapMs',
  ]);
});

void test('what is no data is named all the same, and a long text by its beginning', () => {
  assert.deepEqual(
    problemsOf(() =>
      withSettings({
        leaseMs: 60_000n,
        quietMs: () => 11_000,
        reapMs: Symbol('often'),
        window: 'x'.repeat(100),
      }),
    ),
    {
      'settings.leaseMs': 'must be a number, not 60000n',
      'settings.quietMs': 'must be a number, not a function',
      'settings.reapMs': 'must be a number, not Symbol(often)',
      'settings.window': `must be a number, not "${'x'.repeat(60)}…"`,
    },
  );
});

void test('a blank path is refused: it would be the working directory, another one at every start', () => {
  assert.match(
    problemsOf(() => core.restoreWatermarkFolder(' '))['path'] ?? '',
    /^is blank: .*outlives the process/,
  );
});

void test('what is left out, or undefined, is the default', () => {
  assert.deepEqual(
    problemsOf(() => withSettings({ leaseMs: undefined, window: null })),
    {},
  );
  assert.equal(defaultSettings.leaseMs, 60_000);
});

void test('an option that is missing or none is named, with what it is for', () => {
  const none = problemsOf(() => createPipeline({} as never));
  assert.deepEqual(Object.keys(none), ['sql', 'integrations', 'restoreWatermark']);
  assert.match(none['sql'] ?? '', /^is missing: a client of `postgres`/);
  assert.match(none['integrations'] ?? '', /^is missing: integrationsOf\(ports\)/);
  assert.match(
    none['restoreWatermark'] ?? '',
    /^is missing: .*restored from a backup.*restoreWatermarkFolder\(path\).*'not kept'/,
  );
  const wrong = problemsOf(() =>
    createPipeline({
      sql: 'postgres://',
      queueSql: 1,
      integrations: noopPorts(),
      restoreWatermark: '/var/lib',
      logger: console.log,
      setings: {},
    } as never),
  );
  assert.match(wrong['sql'] ?? '', /^must be a client of/);
  assert.match(wrong['queueSql'] ?? '', /^must be a client of/);
  assert.match(wrong['integrations'] ?? '', /no enricher.*integrationsOf\(ports\)/);
  assert.match(wrong['restoreWatermark'] ?? '', /^must be restoreWatermarkFolder/);
  assert.match(wrong['logger'] ?? '', /no debug/);
  assert.match(wrong['setings'] ?? '', /did you mean settings\?/);
});

void test('so is a port, and an address of a database, which is quoted to nobody', () => {
  const { printer: _none, ...ports } = noopPorts();
  const problems = problemsOf(() => integrationsOf({ ...ports, prnter: {} } as never));
  assert.match(problems['printer'] ?? '', /^is missing/);
  assert.match(problems['prnter'] ?? '', /did you mean printer\?/);
  assert.match(problemsOf(() => connect(undefined))['url'] ?? '', /^is missing: .*postgres:\/\//);
  for (const url of ['nonsense', 'http://a:secret@b/c', 'postgres://a:sec%ret@b:port/c']) {
    const said = problemsOf(() => connect(url))['url'] ?? '';
    assert.match(said, /^is not the address of a database: it looks like postgres:\/\//);
    assert.doesNotMatch(said, /sec/);
  }
  assert.deepEqual(Object.keys(problemsOf(() => connect('', { max: -1, nmae: 'x' } as never))), [
    'url',
    'max',
    'nmae',
  ]);
});

void test('an option that a call does not have is refused by its name, and nothing is begun', async () => {
  await using place = await open({ people: 0 });
  const { pipeline, sql } = place;
  const { organizationId, campaignId } = place.place;
  const runs = async (): Promise<object[]> => [
    ...(await sql`select count(*)::int as runs from postrider.sync_runs`),
  ];
  const before = await runs();
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    limitt: async () => await pipeline.sync(organizationId, campaignId, { limitt: 1 } as never),
    patience: async () => await pipeline.once({ patience: 1 } as never),
    timeout: async () => await pipeline.stop({ timeout: 1 } as never),
    modee: async () => await launch(sql, place.place, { modee: 'live' } as never),
    arms: async () => await launchPreview(sql, place.place, { mode: 'test', arms: true } as never),
    state: async () => await endCampaign(sql, place.place, { state: 'done' } as never),
    emial: async () => await suppress(sql, organizationId, { emial: 'a@b.test' } as never, 'test'),
  };
  for (const [option, call] of Object.entries(calls))
    await assert.rejects(call(), (error: unknown) => {
      assert.ok(error instanceof InvalidOptionsError, String(error));
      assert.equal(error.problems[0]?.option, option);
      assert.match(
        error.problems[0]?.message ?? '',
        /^is no option here; (?:did you mean|there are) /,
      );
      return true;
    });
  assert.deepEqual(await runs(), before);
  await pipeline.start();
});

void test('an id that is none is refused by the name of its argument, and nothing is sent', async () => {
  await using machine = await freshMachine();
  const id = '00000000-0000-4000-8000-000000000001';
  const on = machine.sql;
  const pipeline: Pipeline = createPipeline({ ...whole, sql: on });
  const calls: Readonly<Record<string, (() => Promise<unknown>)[]>> = {
    organizationId: [
      async () => await core.applyCampaign(on, 'nope', {} as never),
      async () => await core.armPrinter(on, 'nope', 'press'),
      async () =>
        await core.launch(on, { organizationId: 'nope', campaignId: id }, { mode: 'test' }),
      async () =>
        await core.endCampaign(
          on,
          { organizationId: 'nope', campaignId: id },
          { status: 'completed' },
        ),
      async () => await core.hold(on, { organizationId: 'nope', kind: 'campaign', id }),
      async () => await core.release(on, { organizationId: 'nope', kind: 'campaign', id }),
      async () =>
        await core.retryAll(on, { organizationId: 'nope', campaignId: id }, 'render_failed'),
      async () => await core.retryWebhooks(on, 'nope'),
      async () => await core.retryEffects(on, 'nope'),
      async () => await core.suppress(on, 'nope', { email: 'a@example.com' }, 'test'),
      async () => await core.suppress(on, undefined as never, { email: 'a@example.com' }, 'test'),
      async () => await pipeline.sync('nope', id),
      async () => await pipeline.enrich('nope', id),
      async () => await pipeline.reconcile('nope'),
      async () => await pipeline.reconcileSince('nope', new Date()),
      async () => await pipeline.applyEvents('nope', 'press', []),
    ],
    campaignId: [
      async () =>
        await core.launch(on, { organizationId: id, campaignId: 'nope' }, { mode: 'test' }),
      async () =>
        await core.endCampaign(
          on,
          { organizationId: id, campaignId: 'nope' },
          { status: 'completed' },
        ),
      async () =>
        await core.retryAll(on, { organizationId: id, campaignId: 'nope' }, 'render_failed'),
      async () => await pipeline.sync(id, 'nope'),
      async () => await pipeline.enrich(id, 'nope'),
    ],
    recipientId: [
      async () => await core.retry(on, 'nope'),
      async () => await core.cancel(on, 'nope'),
      async () => await core.erase(on, 'nope'),
    ],
    mailpieceId: [async () => await core.resolve(on, 'nope', 'printed', 'x')],
    alarmId: [async () => await core.clearAlarm(on, 'nope', 'x')],
  };
  for (const [argument, asked] of Object.entries(calls))
    for (const call of asked)
      await assert.rejects(call, (error) => {
        assert.ok(isMachineError(error), `${call.toString()}: ${String(error)}`);
        assert.equal(error.kind, 'invalid_argument', call.toString());
        assert.match(error.message, new RegExp(`^${argument}: .* is not an id$`));
        return true;
      });
  // The server reads these, too.
  await assert.rejects(core.retry(on, '{00000000000040008000000000000001}'), { kind: 'not_found' });
});
