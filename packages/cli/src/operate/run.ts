/** `run`: the runner, and what people are told of it. */
import type { Pipeline, Stopped, Waiting } from '@postrider/core';
import type { CohortsAtWork } from '@postrider/core/machine';
import type { RunningHttp } from '@postrider/runner/http';
import { count, exitCodes } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { run, type Note, type RunOptions } from '@postrider/runner/run';
import type { Cli } from '../program/cli.ts';
import { explain } from '../errors/explain.ts';
import { completeEntry } from '../print-shop/complete-entry.ts';
import { reportToRunner } from '../print-shop/webhooks.ts';
import { relative } from '../output/text.ts';
import { sayProgress } from './progress.ts';

export async function runPipeline(cli: Cli, options: RunOptions): Promise<void> {
  await run(cli, options, {
    announce: {
      running: (note, http, project, pipeline) =>
        sayRunning(cli, note, { http, project, pipeline }),
      stopping: sayStopping,
      stopped: (note, stopped, patienceMs) => sayStopped(cli, note, stopped, patienceMs),
      waiting: (waiting) => showWaiting(cli, waiting),
    },
    completeEntry,
    explain: (error) => explain(error).message,
    beside: reportToRunner,
    progress: sayProgress,
  });
  if (cli.signals.received === 'SIGINT') process.exitCode = 130;
}

function sayRunning(
  cli: Cli,
  note: Note,
  {
    http,
    project,
    pipeline,
  }: {
    readonly http: RunningHttp | null;
    readonly project: Project;
    readonly pipeline: Pipeline;
  },
): void {
  const { proofSlots, mailSlots } = project.settings;
  if (cli.out.json) {
    cli.out.emit({
      event: 'ready',
      url: http?.url ?? null,
      pid: process.pid,
      runnerId: pipeline.runnerId,
      proofSlots,
      mailSlots,
    });
    return;
  }
  const where =
    http === null
      ? 'it does not listen (--no-http)'
      : `${http.url}  /webhooks/…, /metrics, /health, /ready`;
  note(
    'running',
    `${cli.out.tint('green', 'running')}: ${proofSlots} proof and ${mailSlots} mail slots. ` +
      `Ctrl-C stops\n  ${where}`,
  );
}

function sayStopping(note: Note, signal: NodeJS.Signals, atWork: readonly CohortsAtWork[]): void {
  const again = signal === 'SIGINT' ? 'Ctrl-C again' : 'a second signal';
  const work = atWork.map(
    ({ stage, cohorts, people }) =>
      `${count(cohorts, `${stage} cohort`)} (${count(people, 'person', 'people')})`,
  );
  const waits = work.length === 0 ? 'nothing is at work' : `waiting for ${work.join(' and ')}`;
  note(
    'stopping',
    `\nstopping: nothing new begins; ${waits}. ` +
      `${again} does not wait, and loses nothing either`,
  );
}

function sayStopped(cli: Cli, note: Note, { atWork }: Stopped, patienceMs: number): void {
  if (atWork === 0) {
    if (cli.signals.received !== null) note('stopped', 'stopped; nothing is lost');
    return;
  }
  process.exitCode = exitCodes.failed;
  const who =
    atWork === null
      ? 'whether anybody is still at work, the database did not say'
      : `${count(atWork, 'person is', 'people are')} still at work`;
  note(
    'stopped',
    `stopped${atWork === null ? '' : ` after ${patienceMs / 1000} s`}; ${who}. Nothing is lost: ` +
      'people at work come back when their lease has passed (a minute), by any other runner or ' +
      'the next one',
  );
}

function showWaiting(cli: Cli, waiting: readonly Waiting[]): void {
  const several = new Set(waiting.map((row) => row.organization)).size > 1;
  cli.out.list(
    waiting,
    [
      ...(several ? [{ title: 'organization', value: (row: Waiting) => row.organization }] : []),
      { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
      { title: 'state', value: (row) => row.state },
      { title: 'people', value: (row) => row.people, right: true },
      { title: 'until', value: (row) => (row.until === null ? '' : relative(row.until)) },
      { title: 'waits for', value: (row) => row.why },
    ],
    { nothing: 'nothing waits: everybody is where they end' },
  );
  if (!waiting.some(({ failing }) => failing)) return;
  process.exitCode = exitCodes.failed;
  cli.out.note(
    'something failed, and its cause stands in brackets. Nothing is lost: what is tried again ' +
      'goes on with the next run; `postrider stuck` says what helps people in error',
  );
}
