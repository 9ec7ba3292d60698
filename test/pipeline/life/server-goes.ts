/**
 * The server goes away at the n-th statement of a start or a stop: whatever fails is told to
 * somebody, and nothing waits for ever.
 */
import assert from 'node:assert/strict';
import { connect, createPipeline, integrationsOf } from '@postrider/core';
import { freshMachine, type Machine } from '../../support/machine.ts';
import { startServer, type OwnServer } from '../../support/server.ts';
import { noopPorts } from '../rig.ts';

export type Phase = 'start' | 'stop';

export const goings = {
  'its sessions are ended': async (_server, machine) => {
    const admin = connect(machine.database.adminUrl, { max: 1, name: 'admin' });
    await admin`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'goes'`;
    await admin.end();
  },
  'it is killed and started': async (server) => {
    await server.kill9();
    await server.start();
  },
  'it is stopped and started': async (server) => {
    await server.stop();
    await server.start();
  },
  'it is killed and stays away': async (server) => await server.kill9(),
  'it is stopped and stays away': async (server) => await server.stop(),
} satisfies Record<string, (server: OwnServer, machine: Machine) => Promise<void>>;

export type Going = keyof typeof goings;

export interface Ground extends AsyncDisposable {
  readonly server: OwnServer;
  readonly machine: Machine;
}

/** A server of its own, with the machine on it. */
export async function ground(): Promise<Ground> {
  const server = await startServer();
  const machine = await freshMachine(server.adminUrl);
  return {
    server,
    machine,
    async [Symbol.asyncDispose]() {
      if (server.pid() === null) await server.start();
      await machine[Symbol.asyncDispose]();
      await server.drop();
    },
  };
}

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
/** Of what must come to its end; generous, and no measure of anything. */
const PATIENCE_MS = 60_000;

async function ends(what: string, work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} has not ended after ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
  });
  const told = work.then(
    () => null,
    (error: unknown) => error,
  );
  try {
    return await Promise.race([told, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One life of a pipeline, in which the server goes at the `at`-th statement of the phase. Returns
 * how many statements the phase had.
 */
export async function live(
  { server, machine }: Ground,
  phase: Phase,
  going: Going,
  at: number,
): Promise<number> {
  const told = `${going}, at statement ${at} of a ${phase}`;
  const unheard: unknown[] = [];
  const note = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', note);
  let statements = 0;
  let counts = phase === 'start';
  let gone: Promise<void> = Promise.resolve();
  const sql = connect(machine.url, {
    max: 8,
    name: 'goes',
    onQuery: () => {
      if (!counts) return;
      if (statements === at) gone = goings[going](server, machine);
      statements += 1;
    },
  });
  const pipeline = createPipeline({
    restoreWatermark: 'not kept',
    sql,
    integrations: integrationsOf(noopPorts()),
    logger: quiet,
  });
  try {
    const failed = await ends(`the start (${told})`, pipeline.start());
    // Somebody is told what was wrong, in the words of the driver or the server.
    if (failed !== null) assert.ok(failed instanceof Error && 'code' in failed, told);
    if (phase === 'stop') counts = true;
    assert.equal(await ends(`the stop (${told})`, pipeline.stop({ timeoutMs: 2000 })), null, told);
    counts = false;
    assert.equal(await ends(`the client (${told})`, sql.end({ timeout: 5 })), null, told);
    await gone;
  } finally {
    if (server.pid() === null) await server.start();
    // Whatever was rejected by the end of the client has been told by now.
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
  }
  assert.deepEqual(unheard, [], told);
  return statements;
}

/** How many statements a phase has where nothing goes wrong. */
export async function statementsOf(on: Ground, phase: Phase): Promise<number> {
  return await live(on, phase, 'its sessions are ended', Infinity);
}

/** Where the server goes: each `every`-th statement of the phase, from `first` on. */
export async function sweep(
  on: Ground,
  phase: Phase,
  going: Going,
  { many, every = 1, first = 0 }: { many: number; every?: number; first?: number },
): Promise<void> {
  for (let at = first; at < many; at += every) await live(on, phase, going, at);
}
