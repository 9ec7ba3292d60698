/**
 * A runner says what it does: lines that add up to its work, and metrics that add up to the same.
 */
import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startPrintShop } from '@postrider/twins/print-shop';
import { until } from '../../../test/pipeline/rig.ts';
import { readMetrics, sumOf, type Family } from './prometheus.ts';
import { cli, shortBakery, startRunner, type Runner } from './cli.ts';
import { ownPlace } from './places.ts';
import { isLong } from '../../../test/support/long.ts';

const TOKEN = 'a token of the tests';

interface Line {
  readonly event?: string;
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly runner?: string;
  readonly campaign?: string | null;
  readonly counts?: Readonly<Record<string, number>>;
  readonly rates?: Readonly<Record<string, number>>;
  readonly totals?: Readonly<Record<string, number>>;
  readonly mailed?: number;
  readonly seconds?: number;
}

/** What a process has said on stderr so far, as JSON. */
function linesOf(child: ChildProcess): () => readonly Line[] {
  let said = '';
  child.stderr?.on('data', (text: string) => (said += text));
  return () =>
    said
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
}

function sumOfLines(lines: readonly Line[], kind: string): number {
  return lines
    .filter(({ event }) => event === 'progress')
    .reduce((sum, { counts }) => sum + (counts?.[kind] ?? 0), 0);
}

async function scraped({ url }: Runner): Promise<ReadonlyMap<string, Family>> {
  return readMetrics(await (await fetch(`${url}/metrics`)).text());
}

describe('what a runner says of its work', () => {
  const at = ownPlace();
  let shop: Awaited<ReturnType<typeof startPrintShop>>;
  let place: typeof at.place & { readonly env: Readonly<Record<string, string>> };
  const sent = async (): Promise<number> => {
    const [row] = await at.machine.sql<{ sent: number }[]>`
      select count(*)::int as sent
      from postrider.recipient_event
      where from_state = 'sending' and to_state = 'sent'`;
    return row?.sent ?? -1;
  };
  const applied = async (rows: number): Promise<void> => {
    const file = join(shortBakery(place.home, rows), 'campaign.yaml');
    const { code, stderr } = await cli(place, ['campaign', 'apply', file, '--no-check']);
    assert.equal(code, 0, stderr);
  };
  before(async () => {
    shop = await startPrintShop({
      folder: join(at.place.home, 'shop'),
      token: TOKEN,
      log: () => undefined,
      artwork: [join(at.place.home, 'var', 'data', 'proofs')],
    });
    place = {
      ...at.place,
      url: at.machine.url,
      env: { PRINT_SHOP_TOKEN: TOKEN, PRINT_SHOP_URL: shop.url },
    };
    await applied(60);
    const launch = ['campaign', 'launch', 'bakery-welcome', '--live', '--arm', '--yes'];
    const { code, stderr } = await cli(place, [...launch, '--no-sheet']);
    assert.equal(code, 0, stderr);
    const synced = await cli(place, ['sync', 'bakery-welcome']);
    assert.equal(synced.code, 0, synced.stderr);
  });
  after(async () => await shop.stop());

  if (isLong)
    it('tells of two runners the work of each, and of the database the work of both once', async () => {
      const options = ['--log-format', 'json', '--progress', '1'];
      const runners = await Promise.all([startRunner(place, options), startRunner(place, options)]);
      const lines = runners.map(({ child }) => linesOf(child));
      await until(async () => {
        const [row] = await at.machine.sql<{ waiting: number }[]>`
        select (pending + proofing_staged + proofing + proofed + sending_staged + sending)::int
          as waiting
        from postrider.funnel`;
        return row?.waiting === 0;
      });
      await until(() => lines.every((of) => of().at(-1)?.event === 'idle'));
      // It would say it again by now.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      const metrics = await Promise.all(runners.map(scraped));
      const ended = await Promise.all(runners.map(async (runner) => await runner.stop('SIGTERM')));
      for (const { code, stderr } of ended) assert.equal(code, 0, stderr);

      const cards = await sent();
      assert.ok(cards > 30, `${cards} cards`);
      const mailed = lines.map((of) => sumOfLines(of(), 'mailed'));
      assert.equal(
        mailed.reduce((sum, many) => sum + many, 0),
        cards,
        'the lines add up to all cards',
      );
      for (const [index, of] of metrics.entries()) {
        const own = sumOf(of, 'postrider_runner_people_total', 'kind="mailed"');
        assert.equal(own, mailed[index], 'the lines of a runner add up to its counter');
        assert.equal(
          sumOf(of, 'postrider_moves_total', 'from="sending"', 'to="sent"'),
          cards,
          'every runner tells the work of both',
        );
        assert.equal(
          sumOf(of, 'postrider_campaign_moves_total', 'campaign="bakery-welcome"', 'to="sent"'),
          cards,
        );
        assert.equal(sumOf(of, 'postrider_jobs_at_work'), 0);
      }
      const ofBoth = (name: string, ...labels: string[]): number =>
        metrics.reduce((sum, of) => sum + sumOf(of, name, ...labels), 0);
      assert.ok(
        ofBoth('postrider_adapter_calls_total', 'port="printer"', 'outcome="answered"') > 0,
      );
      assert.ok(ofBoth('postrider_adapter_call_seconds_total', 'port="printer"') > 0);
      assert.ok(ofBoth('postrider_job_runs_total', 'queue="mail"', 'outcome="done"') > 0);
      for (const of of lines) {
        const told = of().filter(({ event, counts }) => event === 'idle' || counts !== undefined);
        const last = told.findLastIndex(({ counts = {} }) => Object.keys(counts).length > 0);
        assert.equal(told.slice(last + 1).length, 1, 'after its work a runner says idle, once');
      }
    });

  it('has the fields that are documented, and nobody’s name, address or secret', async () => {
    await applied(75);
    const runner = await startRunner(place, ['--progress', '1', '--no-http']);
    const lines = linesOf(runner.child);
    await cli(place, ['sync', 'bakery-welcome']);
    await until(() => sumOfLines(lines(), 'mailed') > 0);
    await runner.stop();
    const progress = lines().find(
      ({ event, counts }) => event === 'progress' && counts?.['mailed'] !== undefined,
    );
    assert.ok(progress);
    const { time, message, runner: id, seconds = 0, counts, rates, ...fields } = progress;
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000);
    assert.match(String(id), /^[\da-f-]{36}$/);
    assert.match(message, /^bakery-welcome: .*\d+ mailed \([\d,]+ a minute\).*; \d+ mailed in all/);
    assert.ok(
      Math.abs((rates?.['mailed'] ?? 0) - ((counts?.['mailed'] ?? 0) / seconds) * 60) < 100,
    );
    assert.deepEqual(Object.keys(fields).toSorted(), [
      'campaign',
      'campaign_id',
      'cards_per_hour',
      'done_at',
      'event',
      'held',
      'in_error',
      'level',
      'mailed',
      'mode',
      'organization_id',
      'pid',
      'received',
      'returned',
      'standing_still',
      'totals',
      'waiting',
      'without_address',
    ]);
    const people = await at.machine.sql<{ email: string; line1: string }[]>`
      select email, line1 from postrider.recipients where line1 is not null and email <> ''`;
    const told = lines()
      .map((line) => JSON.stringify(line))
      .join('\n');
    for (const { email, line1 } of people) {
      assert.ok(!told.includes(email), email);
      assert.ok(!told.includes(line1), line1);
    }
    assert.ok(!told.includes(TOKEN));
  });

  it('says the rest when it is told to stop', async () => {
    const before = await sent();
    await applied(95);
    await cli(place, ['sync', 'bakery-welcome']);
    // The next line would come in an hour.
    const runner = await startRunner(place, ['--progress', '3600', '--no-http']);
    const lines = linesOf(runner.child);
    await until(async () => (await sent()) > before);
    assert.equal(sumOfLines(lines(), 'mailed'), 0);
    await runner.stop('SIGTERM');
    assert.ok(sumOfLines(lines(), 'mailed') > 0);
    assert.equal(sumOfLines(lines(), 'mailed'), (await sent()) - before);
    const last = lines().findLast(({ event }) => event === 'progress');
    assert.doesNotMatch(String(last?.message), /no runner is alive/, 'it has only just ended');
  });

  it('is text where text is asked for, without a colour where there is no terminal', async () => {
    await applied(110);
    const run = await cli(place, [
      'run',
      '--once',
      '--no-http',
      '--progress',
      '3600',
      '--log-format',
      'text',
    ]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(
      run.stderr,
      /^\d\d:\d\d:\d\d info {2}bakery-welcome: .*\d+ mailed \([\d,]+ a minute\)/m,
    );
    assert.doesNotMatch(run.stderr, /\u001b/);
  });

  it('says nothing of it with --quiet, and with --progress 0', async () => {
    for (const option of [['--quiet'], ['--progress', '0']]) {
      const run = await cli(place, ['run', '--once', '--no-http', '--json', ...option]);
      assert.equal(run.code, 0, run.stderr);
      assert.doesNotMatch(run.stderr, /"event":"progress"/);
    }
  });
});
