/**
 * The real pipeline in this process, plugged into adapters of the test's own: for what an adapter
 * may do to it.
 */
import assert from 'node:assert/strict';
import {
  createNoopImageHost,
  createNoopPrinter,
  createNoopRenderer,
} from '@postrider/adapters/noop';
import {
  createPipeline,
  integrationsOf,
  type Integrations,
  type Pipeline,
  type PipelineOptions,
  type PipelineSettings,
  type Ports,
} from '@postrider/core';
import {
  freshMachine,
  launched,
  people,
  syncPeople,
  type Machine,
  type Place,
} from '../support/machine.ts';
import { knownSecrets, secretsIn } from '../support/secrets.ts';

export interface Opened extends AsyncDisposable {
  readonly machine: Machine;
  readonly sql: Machine['sql'];
  /** The pipeline's. */
  readonly client: Machine['sql'];
  readonly place: Place;
  readonly people: number;
  readonly pipeline: Pipeline;
  /** What was logged above debug, a line each. */
  readonly log: readonly string[];
}

export interface OpenOptions {
  readonly people: number;
  readonly ports?: Partial<Ports>;
  /** In place of what the ports make. */
  readonly integrations?: Partial<Integrations>;
  readonly settings?: Partial<PipelineSettings>;
  readonly onPoint?: PipelineOptions['onPoint'];
  readonly restoreWatermark?: PipelineOptions['restoreWatermark'];
  readonly artworkFolders?: PipelineOptions['artworkFolders'];
  /** A server of the test's own, by its superuser's URL; default: the run's. */
  readonly server?: string;
  /** Called before anything is in the database. */
  readonly arrange?: (machine: Machine) => Promise<void>;
  /** The pipeline's own client; default: three connections. */
  readonly sql?: (machine: Machine) => Machine['sql'];
}

/** Adapters that do nothing, and do it at once; the segment is empty. */
export function noopPorts(): Ports {
  return {
    audience: {
      async *members() {
        yield await Promise.resolve({ members: [], rejects: [], waitedMs: 0 });
      },
    },
    renderer: createNoopRenderer(),
    imageHost: createNoopImageHost(),
    printer: createNoopPrinter(),
  };
}

/** A launched campaign whose people are pending, and a pipeline that is not started yet. */
export async function open(options: OpenOptions): Promise<Opened> {
  const machine = await freshMachine(options.server);
  await options.arrange?.(machine);
  const { sql } = machine;
  const place = await launched(sql);
  await syncPeople(sql, place, people(options.people));
  const log: string[] = [];
  const note = (fields: object, message: string): void =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  // Each session compiles for itself what it calls: a few are enough for a few people.
  const client = options.sql?.(machine) ?? machine.connect(3);
  const pipeline = createPipeline({
    sql: client,
    restoreWatermark: options.restoreWatermark ?? 'not kept',
    integrations: {
      ...integrationsOf({ ...noopPorts(), ...options.ports }),
      ...options.integrations,
    },
    logger: { debug: () => undefined, info: note, warn: note, error: note },
    settings: { beats: false, reapMs: 200, ...options.settings },
    artworkFolders: options.artworkFolders ?? [],
    ...(options.onPoint === undefined ? {} : { onPoint: options.onPoint }),
  });
  return {
    machine,
    sql,
    client,
    place,
    people: options.people,
    pipeline,
    log,
    async [Symbol.asyncDispose]() {
      await pipeline.stop({ timeoutMs: 2000 });
      await machine[Symbol.asyncDispose]();
      assert.deepEqual(secretsIn(log.join('\n'), knownSecrets()), [], 'a secret was logged');
    },
  };
}

const PATIENCE_MS = 120_000;

/**
 * Asks until it is so. Rejects after two minutes, by a clock that no test turns: a machine may be
 * slow and busy.
 */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline)
      throw new Error(`still not so after ${PATIENCE_MS} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
