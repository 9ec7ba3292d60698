/**
 * A runner as the schedules have it: the real context and the real work of the stages. What pg-boss
 * and the beats do in life, the schedule does, so that it says when.
 */
import { createNoopImageHost, createNoopRenderer } from '@postrider/adapters/noop';
import { createLobPrinter, lobAccount } from '@postrider/adapters/lob';
import { Connections, type Integrations, type Point, type PrinterBrief } from '@postrider/core';
import { anyMedia, SendStoppedError, type ArtworkCutter } from '@postrider/core/ports';
import { tick } from '../../packages/core/src/machine/house.ts';
import { probeConnections } from '../../packages/core/src/stages/house/probes.ts';
import { makeContext, type PipelineContext } from '../../packages/core/src/runtime/context.ts';
import type { Machine } from '../support/machine.ts';
import type { Crash } from './schedule.ts';

export const LEASE_MS = 60_000;
const GRACE_MS = 15_000;

/** Nothing looks into a picture of this kind: a card costs no time. */
const picture = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
const pictures: ArtworkCutter = {
  cut: async () =>
    await Promise.resolve({ mediaType: 'image/jpeg', bytes: picture, hash: 'f'.repeat(64) }),
};

export interface PlayedRunner {
  readonly context: PipelineContext;
  /** Where it stands still. */
  readonly still: Point | null;
  /** Does it, up to its end or to where the runner is dropped. Says whether it was dropped. */
  work(crash: Crash | null, what: () => Promise<unknown>): Promise<boolean>;
  /** Its leases have passed: it renews none any more. */
  loseLeases(): void;
  /** It goes on where it stood still, and ends what it had begun. */
  wake(): Promise<void>;
  /** Looks for lost work, and says that it lives. */
  tick(): Promise<void>;
}

export interface RunnerParts {
  readonly sql: Machine['sql'];
  readonly name: string;
  readonly secret: (name: string) => string | undefined;
  readonly cohortSize: number;
  readonly log: string[];
}

export async function playedRunner(parts: RunnerParts): Promise<PlayedRunner> {
  const { sql, log, secret } = parts;
  const connections = new Connections(sql, secret);
  let crash: Crash | null = null;
  let posts = Infinity;
  let stands: { point: Point; go: PromiseWithResolvers<void>; work: Promise<unknown> } | null =
    null;
  let caught = Promise.withResolvers<void>();

  const integrations: Integrations = {
    ...unused,
    connection: async (connectionId, organizationId) => ({
      kind: lobAccount,
      connection: await connections.of(organizationId, connectionId),
    }),
    renderer: async () => await Promise.resolve(createNoopRenderer()),
    imageHost: async () => await Promise.resolve(createNoopImageHost()),
    printer: async ({ organizationId, connectionId, options }: PrinterBrief) => {
      if (connectionId === null) throw new Error('the printer has no connection');
      const connection = await connections.of(organizationId, connectionId);
      const { kind: _kind, connection: _named, ...own } = options;
      const wiring = { baseDirectory: '/', dataDirectory: '/', secret, connection };
      const lob = createLobPrinter(own, wiring);
      return {
        ...lob,
        takes: anyMedia,
        submit: async (pieces, guard, context) => {
          const assertMaySend = (): void => {
            guard.assertMaySend();
            // What a process that is killed in the middle of a batch does not send.
            if (posts <= 0) throw new SendStoppedError('the runner is gone');
            posts -= 1;
          };
          return await lob.submit(pieces, { assertMaySend }, context);
        },
      };
    },
  };
  const note = (level: string) => (fields: object, message: string) =>
    void log.push(`${parts.name} ${level}: ${message} ${JSON.stringify(fields)}`);
  const made = makeContext(
    {
      sql,
      integrations,
      restoreWatermark: 'not kept',
      logger: {
        debug: () => undefined,
        info: note('info'),
        warn: note('warn'),
        error: note('error'),
      },
      settings: {
        runnerName: parts.name,
        beats: false,
        window: 50,
        cohortSize: parts.cohortSize,
        leaseMs: LEASE_MS,
        graceMs: GRACE_MS,
      },
      async onPoint(point) {
        if (crash?.point !== point && stands === null) return;
        const go = stands?.go ?? Promise.withResolvers<void>();
        stands ??= { point, go, work: Promise.resolve() };
        crash = null;
        caught.resolve();
        await go.promise;
      },
    },
    { stopping: new AbortController().signal, wake: () => undefined, onBossError: () => undefined },
  );
  const context: PipelineContext = { ...made, artwork: pictures };
  await context.watermark.load();

  const runner: PlayedRunner = {
    context,
    get still() {
      return stands?.point ?? null;
    },
    async work(at, what) {
      crash = at;
      posts = at?.posts ?? Infinity;
      caught = Promise.withResolvers<void>();
      const work = what();
      // One that is never woken is never heard of again.
      work.catch(() => undefined);
      await Promise.race([work, caught.promise]);
      crash = null;
      if (stands !== null) stands.work = work;
      else posts = Infinity;
      return stands !== null;
    },
    loseLeases() {
      context.leases.loseAll();
      context.leases.end();
    },
    async wake() {
      const stood = stands;
      stands = null;
      stood?.go.resolve();
      await stood?.work;
      posts = Infinity;
    },
    async tick() {
      const { marks } = context.watermark;
      const told = await tick(
        sql,
        {
          id: context.runnerId,
          name: parts.name,
          proofSlots: 1,
          mailSlots: 1,
          version: 'test',
          leaseMs: LEASE_MS,
        },
        {
          graceMs: LEASE_MS + GRACE_MS,
          quietMs: context.settings.quietMs,
          remembered: marks,
          probes: 1,
        },
      );
      await probeConnections(context, told.probes);
      context.watermark.observe(told.watermark, { others: told.witnesses });
    },
  };
  await runner.tick();
  return runner;
}

async function nothing(): Promise<never> {
  throw new Error('no schedule asks for this adapter');
}

const unused: Pick<Integrations, 'audience' | 'enricher' | 'usageMeter' | 'eventSink'> = {
  audience: nothing,
  enricher: async () => await Promise.resolve(null),
  usageMeter: async () => await Promise.resolve(null),
  eventSink: async () => await Promise.resolve(null),
};
