/**
 * Prometheus text, by hand: what the database counts, from the public views, and what this process
 * has counted. How many series there are is bounded: by states, kinds and names of ours, and by
 * MOST_CAMPAIGNS; a printer, a person or an error is never a label.
 */
import { workKinds, type PipelineCounts } from '@postrider/core';
import { states } from '@postrider/core/states';
import type { Sql } from '../database/open.ts';
import { metrics, MOST_CAMPAIGNS, type MetricName } from './metric-list.ts';

/** Stands still, unlike the uptime. */
const startedAt = Date.now() / 1000 - process.uptime();

type Sample = readonly [labels: readonly (string | number)[], value: number];
type Samples = Readonly<Record<MetricName, readonly Sample[]>>;

export async function metricsText(
  sql: Sql,
  counts: PipelineCounts,
  webhooks: ReadonlyMap<number, number>,
): Promise<string> {
  const samples: Samples = { ...(await ofDatabase(sql)), ...ofRunner(counts, webhooks) };
  return (Object.keys(metrics) as MetricName[]).map((name) => text(name, samples[name])).join('');
}

async function ofDatabase(sql: Sql) {
  const campaigns = await sql<{ id: string }[]>`
    select id from postrider.campaigns
    order by status in ('pending', 'active', 'paused') desc, created_at desc, id`;
  const shown = campaigns.slice(0, MOST_CAMPAIGNS).map(({ id }) => id);
  const [funnel, campaignMoves, moves, cohorts, jobs, failing, health, alarms, stuck] =
    await Promise.all([
      sql`select * from postrider.funnel where campaign_id = any (${shown}::uuid[])`,
      sql<{ organization: string; campaign: string; to: string; people: number }[]>`
      select organization, campaign, to_state as to, sum(people)::float8 as people
      from postrider.move_counts
      where campaign_id = any (${shown}::uuid[])
      group by 1, 2, 3`,
      sql<{ from: string; to: string; people: number }[]>`
      select from_state as from, to_state as to, sum(people)::float8 as people
      from postrider.move_counts
      group by 1, 2`,
      sql<{ stage: string; phase: string; cohorts: number; people: number; oldest: number }[]>`
      select
        stage, case when begun_at is null then 'waiting' else 'at_work' end as phase,
        count(*)::int as cohorts, sum(people)::int as people,
        greatest(0, extract(epoch from clock_timestamp() - min(made_at)))::float8 as oldest
      from postrider.queue
      group by 1, 2`,
      sql<{ name: string; state: string; jobs: number }[]>`
      select name, state, count(*)::int as jobs
      from postrider.queue_job
      where state in ('created', 'retry', 'active', 'failed')
      group by 1, 2`,
      sql<{ work: string; many: number }[]>`
      select work, count(*)::int as many from postrider.failing_work group by 1`,
      sql<{ state: string; connections: number; people: number }[]>`
      select s.state, count(h.state)::int as connections,
        coalesce(sum(h.people), 0)::float8 as people
      from unnest('{closed,open,half_open}'::text[]) as s (state)
      left join postrider.connection_health h using (state)
      group by 1`,
      sql<{ kind: string; alarms: number }[]>`
      select kind, count(*)::int as alarms from postrider.alarms group by 1`,
      // One in ten cards is late in good order: they have a number of their own.
      sql<{ people: number; overdue: number }[]>`
      select
        coalesce(sum(people) filter (where reason is distinct from 'overdue'), 0)::float8 as people,
        coalesce(sum(people) filter (where reason = 'overdue'), 0)::float8 as overdue
      from postrider.stuck`,
    ]);
  const ofStages = (value: 'cohorts' | 'people' | 'oldest'): Sample[] =>
    cohorts.map((row) => [[row.stage, row.phase], row[value]]);
  return {
    postrider_recipients: funnel.flatMap((row) =>
      states.map((state): Sample => [
        [String(row['organization']), String(row['campaign']), state],
        Number(row[state]),
      ]),
    ),
    postrider_campaign_moves_total: campaignMoves.map((row): Sample => [
      [row.organization, row.campaign, row.to],
      row.people,
    ]),
    postrider_campaigns_left_out: [[[], campaigns.length - shown.length]],
    postrider_moves_total: moves.map((row): Sample => [[row.from, row.to], row.people]),
    postrider_cohorts: ofStages('cohorts'),
    postrider_cohort_people: ofStages('people'),
    postrider_cohort_oldest_seconds: ofStages('oldest'),
    postrider_jobs: jobs.map((row): Sample => [[row.name, row.state], row.jobs]),
    postrider_failing_work: failing.map((row): Sample => [[row.work], row.many]),
    postrider_connections: health.map((row): Sample => [[row.state], row.connections]),
    postrider_connection_waiting_people: [
      [[], health.reduce((sum, { people }) => sum + people, 0)],
    ],
    postrider_alarms: alarms.map((row): Sample => [[row.kind], row.alarms]),
    postrider_stuck_people: [[[], stuck[0]?.people ?? 0]],
    postrider_overdue_mailpieces: [[[], stuck[0]?.overdue ?? 0]],
  } satisfies Partial<Samples>;
}

function ofRunner(counts: PipelineCounts, webhooks: ReadonlyMap<number, number>) {
  const { campaigns, calls, jobs } = counts;
  const ofPorts = (value: 'calls' | 'seconds'): Sample[] =>
    calls.map((row) => [[row.port, row.outcome], row[value]]);
  const ofQueues = (value: 'jobs' | 'seconds'): Sample[] =>
    jobs.map((row) => [[row.queue, row.outcome], row[value]]);
  return {
    postrider_runner_people_total: workKinds.map((kind): Sample => [
      [kind],
      campaigns.reduce((sum, { people }) => sum + people[kind], 0),
    ]),
    postrider_runner_found_total: [[[], counts.found]],
    postrider_webhook_requests_total: [...webhooks].map(([status, many]): Sample => [
      [status],
      many,
    ]),
    postrider_webhooks_applied_total: [[[], counts.webhooks]],
    postrider_adapter_calls_total: ofPorts('calls'),
    postrider_adapter_call_seconds_total: ofPorts('seconds'),
    postrider_provider_calls_total: [
      [['recorded'], counts.providerCalls.recorded],
      [['dropped'], counts.providerCalls.dropped],
    ],
    postrider_job_runs_total: ofQueues('jobs'),
    postrider_job_run_seconds_total: ofQueues('seconds'),
    postrider_jobs_at_work: [[[], counts.atWork]],
    process_start_time_seconds: [[[], startedAt]],
  } satisfies Partial<Samples>;
}

function text(name: MetricName, samples: readonly Sample[]): string {
  const [type, labels, help] = metrics[name];
  const names = labels.split(' ').filter(Boolean);
  const lines = samples.map(([values, value]) => {
    const inner = names.map((label, at) => `${label}="${escaped(String(values[at]))}"`).join(',');
    return `${name}${inner === '' ? '' : `{${inner}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
