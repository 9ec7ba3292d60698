/** The list of metrics, the rules that are made of it, and how many series there are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { freshMachine, launched, people, syncPeople } from '../../../test/support/machine.ts';
import { readMetrics, sumOf } from '../../cli/test/prometheus.ts';
import { metrics, MOST_CAMPAIGNS } from '../src/http/metric-list.ts';
import { metricsText } from '../src/http/metrics.ts';

const none = {
  campaigns: [],
  webhooks: 0,
  found: 0,
  calls: [],
  providerCalls: { recorded: 0, dropped: 0 },
  jobs: [],
  atWork: 0,
};
const rules = parse(
  readFileSync(join(import.meta.dirname, '../../../docs/how-to/postrider-alerts.yml'), 'utf8'),
) as { groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[] };

void test('names follow the rules of Prometheus', () => {
  for (const [name, [type, labels, help]] of Object.entries(metrics)) {
    assert.match(name, /^(postrider_[a-z_]+|process_start_time_seconds)$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    // A base unit, and never a part of one.
    assert.doesNotMatch(name, /_(ms|millis|minutes|hours|percent|kb|mb)(_|$)/);
    for (const label of labels.split(' ').filter(Boolean)) assert.match(label, /^[a-z_]+$/);
    assert.match(help, /^[A-Z].*\.$/);
  }
});

void test('the example of alerts asks for metrics and labels that there are', () => {
  const alerts = rules.groups.flatMap(({ rules: all }) => all);
  assert.ok(alerts.length > 5);
  for (const { alert, expr, annotations } of alerts) {
    assert.match(alert, /^Postrider[A-Z]\w+$/);
    const used = [...expr.matchAll(/(postrider_\w+)(?:\{([^}]*)\})?/g)];
    assert.ok(used.length > 0 || expr.startsWith('up{'), alert);
    const known = new Set<string>();
    for (const [, name = '', selectors = ''] of used) {
      const metric = Object.entries(metrics).find(([one]) => one === name);
      assert.ok(metric, `${alert}: there is no ${name}`);
      const labels = metric[1][1].split(' ');
      for (const label of labels) known.add(label);
      for (const [, label = ''] of selectors.matchAll(/(\w+)(?==|!)/g))
        assert.ok(labels.includes(label), `${alert}: ${name} has no label ${label}`);
    }
    for (const [, label = ''] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
      assert.ok(known.has(label), `${alert}: ${label}`);
    assert.equal(expr.split('(').length, expr.split(')').length, `${alert}: brackets`);
  }
});

void test('so many campaigns have series of their own, the counters of all have the others too', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await syncPeople(sql, at, people(4));
  const others = MOST_CAMPAIGNS + 5;
  await sql`
    insert into postrider.campaign
    select (
      jsonb_populate_record(
        c,
        jsonb_build_object(
          'id', postrider.new_id(), 'name', 'old ' || n, 'status', 'archived',
          'created_at', c.created_at - n * interval '1 day'
        )
      )
    ).*
    from postrider.campaign c
    cross join generate_series(1, ${others}) n
    where c.id = ${at.campaignId}`;
  const read = async () => readMetrics(await metricsText(sql, none, new Map()));
  const first = await read();
  assert.equal(sumOf(first, 'postrider_campaigns_left_out'), 6);
  const campaigns = new Set(
    [...(first.get('postrider_recipients')?.samples.keys() ?? [])].map(
      (labels) => /campaign="([^"]*)"/.exec(labels)?.[1],
    ),
  );
  assert.equal(campaigns.size, MOST_CAMPAIGNS);
  assert.ok(campaigns.has('spring'), 'one that has not ended is among them');
  assert.ok(!campaigns.has(`old ${others}`));
  assert.equal(sumOf(first, 'postrider_moves_total', 'from="new"'), 4);

  // Of one that has no series any more people moved as well.
  await sql`
    update postrider.campaign
    set status = 'archived', created_at = created_at - interval '10 years'
    where id = ${at.campaignId}`;
  const second = await read();
  assert.equal(sumOf(second, 'postrider_campaign_moves_total'), 0);
  assert.equal(sumOf(second, 'postrider_moves_total', 'from="new"'), 4);
});

void test('a name with quotes, backslashes and line breaks is one label', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await sql`update postrider.campaign set name = ${'a"b\\c\nd'} where id = ${at.campaignId}`;
  const told = readMetrics(await metricsText(sql, none, new Map([[200, 3]])));
  assert.ok(
    [...(told.get('postrider_recipients')?.samples.keys() ?? [])].some((labels) =>
      labels.includes('campaign="a\\"b\\\\c\\nd"'),
    ),
  );
  assert.equal(sumOf(told, 'postrider_webhook_requests_total', 'status="200"'), 3);
});
