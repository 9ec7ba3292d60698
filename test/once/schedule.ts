/**
 * What may befall a campaign at Lob, as a list of steps that a seed draws. Nothing in it depends on
 * how the steps go: the same seed is the same schedule.
 */
import type { Point } from '@postrider/core';
import type { MisfortuneInput } from '@postrider/twins/kit/misfortunes';
import type { LobOptions } from '@postrider/twins/lob';
import { Draws } from './draws.ts';

/** Where a runner is dropped. */
export interface Crash {
  readonly point: Point;
  /** Of a batch, so many requests are sent before; null: all of them. */
  readonly posts: number | null;
}

export type Step =
  | { readonly do: 'proof'; readonly runner: number }
  /** Each of these runners sends cohorts, all at the same time. */
  | {
      readonly do: 'mail';
      readonly runners: readonly number[];
      readonly cohorts: number;
      readonly faults: readonly MisfortuneInput[];
      readonly crash: (Crash & { readonly runner: number }) | null;
    }
  /** A job that was done, or is being done, is done again. */
  | { readonly do: 'job again'; readonly runner: number; readonly which: number }
  /** A job is lost, as when somebody deletes it. */
  | { readonly do: 'lose job'; readonly which: number }
  | {
      readonly do: 'reconcile';
      readonly runner: number;
      readonly faults: readonly MisfortuneInput[];
      readonly crash: Crash | null;
    }
  /** A runner that stood still goes on. */
  | { readonly do: 'wake'; readonly runner: number }
  | { readonly do: 'time'; readonly seconds: number }
  | { readonly do: 'hold' | 'release'; readonly kind: Holdable; readonly who: number }
  | { readonly do: 'cancel' | 'retry'; readonly who: number }
  /** Somebody calls a card back by hand, at the printer. */
  | { readonly do: 'cancel at Lob'; readonly which: number }
  | { readonly do: 'inbox' | 'poll'; readonly runner: number }
  | { readonly do: 'account'; readonly state: 'ok' | 'billing_address_required' }
  | { readonly do: 'webhook faults'; readonly faults: readonly MisfortuneInput[] }
  | { readonly do: 'grow'; readonly people: number };
export type Holdable = 'recipient' | 'campaign' | 'printer' | 'connection';

export interface Schedule {
  readonly seed: number;
  readonly people: number;
  readonly runners: number;
  readonly cohortSize: number;
  readonly atOnce: number;
  /** Null: none are sent, and the printer is polled. Else the share of them that is not taken. */
  readonly webhooks: number | null;
  /** Whether it is waited for the mail to arrive. Else it ends with what the printer has. */
  readonly arrives: boolean;
  /** What nobody knows of Lob, one way or the other, and the way of the mail. */
  readonly twin: Partial<LobOptions>;
  readonly steps: readonly Step[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const crashPoints: readonly Point[] = [
  'mail.begun',
  'mail.before-post',
  'mail.after-post',
  'mail.after-post',
  'mail.settled',
];
const lookUpPoints: readonly Point[] = ['reconcile.claimed', 'reconcile.asked'];

/** Those that lose the answer, and say nothing of the effect. */
const lostAnswers: readonly MisfortuneInput['kind'][] = [
  'error_before_effect',
  'error_after_effect',
  'reset_before_effect',
  'reset_after_effect',
  'half_answer',
  'broken_json',
];

function faultOfCreate(draws: Draws): MisfortuneInput {
  const endpoint = 'create';
  return draws.weighted<() => MisfortuneInput>([
    [
      14,
      () => ({
        kind: draws.pick(lostAnswers),
        endpoint,
        count: draws.between(1, 4),
        status: draws.pick([500, 502, 503, 504]),
      }),
    ],
    [1, () => ({ kind: 'rate_limited', endpoint })],
    [1, () => ({ kind: draws.pick(['silence', 'silence_after_effect'] as const), endpoint })],
    // Done when we have long stopped waiting, but before we ask.
    [0.5, () => ({ kind: 'latency', endpoint, ms: 1200 })],
    [2, () => ({ kind: 'slow_body', endpoint, ms: 20, count: 3 })],
    [2, () => ({ kind: 'expired_key', endpoint })],
    [1, () => ({ kind: 'refusal', endpoint, code: 'failed_deliverability_strictness' })],
    [1, () => ({ kind: 'refusal', endpoint, code: 'conflict', status: 409 })],
  ])();
}

function faultOfLookUp(draws: Draws): MisfortuneInput {
  const endpoint = draws.pick(['list', 'list', 'cancel'] as const);
  const kinds = [...lostAnswers, 'expired_key', 'rate_limited'] as const;
  return { kind: draws.pick(kinds), endpoint, count: draws.between(1, 3) };
}

function several<Value>(most: number, draw: () => Value, draws: Draws): Value[] {
  return Array.from({ length: draws.below(most + 1) }, draw);
}

function mail(draws: Draws, runners: number): Step {
  const at = Array.from({ length: runners }, (_, runner) => runner).filter(
    (runner) => runner === 0 || draws.chance(0.7),
  );
  const crash = draws.chance(0.3)
    ? {
        runner: draws.pick(at),
        point: draws.pick(crashPoints),
        posts: draws.chance(0.5) ? draws.below(4) : null,
      }
    : null;
  return {
    do: 'mail',
    runners: at,
    cohorts: draws.between(1, 3),
    faults: several(3, () => faultOfCreate(draws), draws),
    crash,
  };
}

function drawStep(draws: Draws, schedule: Omit<Schedule, 'steps'>): Step {
  const runner = draws.below(schedule.runners);
  const who = draws.below(schedule.people);
  return draws.weighted<() => Step>([
    [10, () => mail(draws, schedule.runners)],
    [
      6,
      () => ({
        do: 'reconcile',
        runner,
        faults: several(2, () => faultOfLookUp(draws), draws),
        crash: draws.chance(0.15) ? { point: draws.pick(lookUpPoints), posts: null } : null,
      }),
    ],
    [
      7,
      () => ({
        do: 'time',
        seconds: draws.pick([10, 40, 130, 5 * MINUTE, HOUR, 22.8 * HOUR, 25 * HOUR, 72 * HOUR]),
      }),
    ],
    [2, () => ({ do: 'proof', runner })],
    [2, () => ({ do: 'job again', runner, which: draws.below(8) })],
    [1, () => ({ do: 'lose job', which: draws.below(8) })],
    [2, () => ({ do: 'wake', runner })],
    [
      2,
      () => ({
        do: draws.chance(0.5) ? 'hold' : 'release',
        kind: draws.pick(['recipient', 'recipient', 'campaign', 'printer', 'connection'] as const),
        who,
      }),
    ],
    [2, () => ({ do: draws.chance(0.7) ? 'cancel' : 'retry', who })],
    [
      schedule.twin.listCancelled === true ? 0.7 : 0,
      () => ({ do: 'cancel at Lob', which: draws.below(20) }),
    ],
    [3, () => ({ do: draws.chance(0.6) ? 'inbox' : 'poll', runner })],
    [1, () => ({ do: 'account', state: draws.pick(['ok', 'billing_address_required'] as const) })],
    [
      1,
      () => ({
        do: 'webhook faults',
        faults: several(
          3,
          () => ({
            kind: draws.pick(['duplicate', 'reorder', 'lose'] as const),
            endpoint: 'webhook',
            count: draws.between(1, 3),
          }),
          draws,
        ),
      }),
    ],
    [0.7, () => ({ do: 'grow', people: draws.between(1, 3) })],
  ])();
}

export function drawSchedule(seed: number): Schedule {
  const draws = new Draws(seed);
  const basis = {
    seed,
    people: Math.min(draws.between(5, 20), draws.between(5, 20)),
    runners: draws.pick([1, 2, 4]),
    cohortSize: draws.between(2, 6),
    atOnce: draws.pick([1, 3, 10]),
    webhooks: draws.pick([null, 0, 0.3]),
    arrives: draws.chance(0.25),
    twin: {
      sameKeyOtherBody: draws.pick(['replay', 'conflict_409'] as const),
      sameKeyUnderWay: draws.pick(['conflict_409', 'wait'] as const),
      readLagMs: draws.pick([0, 0, 50_000]),
      listCancelled: draws.chance(0.5),
      mailedEvents: draws.chance(0.5),
      webhookTimestamp: draws.pick(['ms', 's'] as const),
      // By the seed itself: one draw more would make all schedules others.
      webhookRetrySignature: seed % 2 === 0 ? ('new' as const) : ('first' as const),
      loseScans: draws.pick([0, 20]),
      returned: draws.pick([0, 10]),
      renderFailures: draws.pick([0, 0, 10]),
      rerouted: draws.pick([0, 10]),
      seed,
    },
  };
  const steps: Step[] = [{ do: 'proof', runner: 0 }, mail(draws, basis.runners)];
  for (let count = draws.between(8, 18); count > 0; count -= 1) steps.push(drawStep(draws, basis));
  return { ...basis, steps };
}

/** For people: a line for each step. */
export function scheduleText({ steps, ...basis }: Schedule): string {
  return [
    JSON.stringify(basis),
    ...steps.map((step, index) => `${String(index).padStart(3)}  ${JSON.stringify(step)}`),
  ].join('\n');
}
