/** Prometheus text, by hand, from the public views: the funnel, the queue, the jobs, the alarms. */
import { states as allStates } from '@postrider/core/states';
import type { Sql } from '../database/open.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const states = new Set<string>(allStates);

export async function metricsText(sql: Sql): Promise<string> {
  const [funnel, cohorts, jobs, alarms, stuck] = await Promise.all([
    sql`select * from postrider.funnel`,
    sql<{ stage: string; begun: boolean; cohorts: number; people: number; oldest: number }[]>`
      select
        stage, begun_at is not null as begun,
        count(*)::int as cohorts, sum(people)::int as people,
        extract(epoch from clock_timestamp() - min(made_at))::float8 as oldest
      from postrider.queue
      group by 1, 2`,
    sql<{ name: string; state: string; jobs: number }[]>`
      select name, state, count(*)::int as jobs
      from postrider.queue_job
      where state in ('created', 'retry', 'active', 'failed')
      group by 1, 2`,
    sql<{ kind: string; alarms: number }[]>`
      select kind, count(*)::int as alarms from postrider.alarms group by 1`,
    sql<{ people: number }[]>`
      select coalesce(sum(people), 0)::float8 as people from postrider.stuck`,
  ]);
  const people = funnel.flatMap((row): Sample[] => {
    const labels = { organization: String(row['organization']), campaign: String(row['campaign']) };
    return [...states].map((state) => [{ ...labels, state }, Number(row[state])]);
  });
  const of = (row: { stage: string; begun: boolean }): Labels => ({
    stage: row.stage,
    phase: row.begun ? 'at_work' : 'waiting',
  });
  return [
    metric('postrider_recipients', 'People of a campaign by state.', people),
    metric(
      'postrider_cohorts',
      'Cohorts on their way.',
      cohorts.map((row) => [of(row), row.cohorts]),
    ),
    metric(
      'postrider_cohort_people',
      'People in cohorts on their way.',
      cohorts.map((row) => [of(row), row.people]),
    ),
    metric(
      'postrider_cohort_oldest_seconds',
      'Age of the oldest cohort on its way.',
      cohorts.map((row) => [of(row), Math.max(0, row.oldest)]),
    ),
    metric(
      'postrider_jobs',
      'Jobs of the queue that wait, run or have failed.',
      jobs.map((row) => [{ queue: row.name, state: row.state }, row.jobs]),
    ),
    metric(
      'postrider_alarms',
      'Alarms that are open.',
      alarms.map((row) => [{ kind: row.kind }, row.alarms]),
    ),
    metric('postrider_stuck_people', 'People who do not move although they should.', [
      [{}, stuck[0]?.people ?? 0],
    ]),
  ].join('');
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
