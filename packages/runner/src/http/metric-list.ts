/**
 * All metrics, once: /metrics and docs/reference/metrics.md are made from this list. Each has its
 * type, its labels and what it says. Counters end in _total and only grow.
 */

/** Campaigns with series of their own: those that have not ended first, then the newest. */
export const MOST_CAMPAIGNS = 200;

type Metric = readonly [type: 'counter' | 'gauge', labels: string, help: string];

/** What the database counts for all runners: each of them tells the same. */
export const metricsOfDatabase = {
  postrider_recipients: ['gauge', 'organization campaign state', 'People of a campaign by state.'],
  postrider_campaign_moves_total: [
    'counter',
    'organization campaign to',
    'Moves of the people of a campaign, by the state they led to.',
  ],
  postrider_campaigns_left_out: ['gauge', '', 'Campaigns that have no series of their own.'],
  postrider_moves_total: ['counter', 'from to', 'Moves of people, of all campaigns.'],
  postrider_cohorts: ['gauge', 'stage phase', 'Cohorts on their way.'],
  postrider_cohort_people: ['gauge', 'stage phase', 'People in cohorts on their way.'],
  postrider_cohort_oldest_seconds: ['gauge', 'stage phase', 'Age of the oldest cohort on its way.'],
  postrider_jobs: ['gauge', 'queue state', 'Jobs of the queue that wait, run or have failed.'],
  postrider_failing_work: ['gauge', 'work', 'Work that failed when it was last tried.'],
  postrider_connections: ['gauge', 'state', 'Connections by the state of their breaker.'],
  postrider_connection_waiting_people: [
    'gauge',
    '',
    'People who wait because a provider does not work.',
  ],
  postrider_alarms: ['gauge', 'kind', 'Alarms that are open.'],
  postrider_stuck_people: [
    'gauge',
    '',
    'People who do not move although they should, but for overdue cards.',
  ],
  postrider_overdue_mailpieces: ['gauge', '', 'Live cards that are overdue.'],
} as const satisfies Readonly<Record<string, Metric>>;

/** What one process counts from its start. */
export const metricsOfRunner = {
  postrider_runner_people_total: ['counter', 'kind', 'People by what this runner recorded.'],
  postrider_runner_found_total: ['counter', '', 'Cards of unknown outcome found at the printer.'],
  postrider_webhook_requests_total: ['counter', 'status', 'Webhooks by what was answered.'],
  postrider_webhooks_applied_total: ['counter', '', 'Stored webhooks that were applied.'],
  postrider_adapter_calls_total: ['counter', 'port outcome', 'Calls of adapters.'],
  postrider_adapter_call_seconds_total: ['counter', 'port outcome', 'Time in calls of adapters.'],
  postrider_provider_calls_total: ['counter', 'outcome', 'Requests to providers, by their record.'],
  postrider_job_runs_total: ['counter', 'queue outcome', 'Jobs that this runner did.'],
  postrider_job_run_seconds_total: ['counter', 'queue outcome', 'Time in jobs.'],
  postrider_jobs_at_work: ['gauge', '', 'Jobs that this runner is at, but for beats.'],
  process_start_time_seconds: ['gauge', '', 'When this runner began, in Unix time.'],
} as const satisfies Readonly<Record<string, Metric>>;

export const metrics = { ...metricsOfDatabase, ...metricsOfRunner };
export type MetricName = keyof typeof metrics;
