/**
 * Errors are told by name and code: a program may bring a client of its own copy of the driver, and
 * adapters with their own copy of this package.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import {
  createPipeline,
  integrationsOf,
  isMachineError,
  MachineError,
  retry,
} from '@postrider/core';
import {
  isNamed,
  type SendStoppedError,
  type Printer,
  type SubmitResult,
} from '@postrider/core/ports';
import mine from 'postgres';
import { ResultWriter } from '../../packages/core/src/runtime/result-writer.ts';
import { noopPorts, open, until } from '../pipeline/rig.ts';
import { freshMachine, states, type Machine } from '../support/machine.ts';

/** A module that is loaded once more, as by a second copy of its package. */
async function again(path: string): Promise<unknown> {
  return await import(`${new URL(path, import.meta.url).href}?again`);
}

const { default: other } = (await import('postgres-other')) as unknown as { default: typeof mine };

function clientOf(machine: Machine, max = 14): Machine['sql'] {
  return other(machine.url, {
    max,
    connection: { application_name: 'other copy', plan_cache_mode: 'force_custom_plan' },
    onnotice: () => undefined,
  });
}

void test('the two copies of the driver know nothing of each other', async () => {
  await using machine = await freshMachine();
  const sql = clientOf(machine, 1);
  const error: unknown = await sql`select 1 / 0`.catch((thrown: unknown) => thrown);
  await sql.end();
  assert.ok(!(error instanceof mine.PostgresError));
});

void test("the machine's errors arrive as such by the client of another copy of the driver", async () => {
  await using machine = await freshMachine();
  const sql = clientOf(machine, 1);
  const error: unknown = await retry(sql, '00000000-0000-4000-8000-000000000001').catch(
    (thrown: unknown) => thrown,
  );
  await sql.end();
  assert.ok(error instanceof MachineError);
  assert.equal(error.kind, 'not_found');
  assert.ok(error.hint.length > 10);
});

void test('a program that brings such a client is warned, for the machine or for the queue, and no other is', async () => {
  await using machine = await freshMachine();
  const [own, foreign] = [machine.sql, clientOf(machine, 1)];
  for (const [clients, warnings] of [
    [{ sql: foreign }, 1],
    [{ sql: own, queueSql: foreign }, 1],
    [{ sql: own, queueSql: own }, 0],
  ] as const) {
    const said: string[] = [];
    const note = (_: object, message: string): void => void said.push(message);
    createPipeline({
      ...clients,
      restoreWatermark: 'not kept',
      integrations: integrationsOf(noopPorts()),
      logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    });
    const told = said.filter((line) => line.startsWith('the driver of this client may run'));
    assert.equal(told.length, warnings);
  }
  await foreign.end();
});

void test('by such a client a result that the database refuses costs the others nothing, and an address that none can have is not found', async () => {
  const accepted = (providerId: string): SubmitResult => ({
    outcome: 'accepted',
    providerId,
    replayed: false,
    expectedDelivery: null,
  });
  let asked = 0;
  const printer: Printer = {
    ...createNoopPrinter(),
    maxBatch: 1,
    submit: async (pieces) =>
      await Promise.resolve(
        pieces.map(() => accepted((asked += 1) === 1 ? 'refused' : `piece ${asked}`)),
      ),
  };
  const clients: Machine['sql'][] = [];
  await using opened = await open({
    people: 4,
    ports: { printer },
    sql: (machine) => {
      const sql = clientOf(machine);
      clients.push(sql);
      return sql;
    },
  });
  const { sql, pipeline, place, log } = opened;
  assert.equal(
    log.filter((line) => line.startsWith('the driver of this client may run')).length,
    1,
  );
  await sql`
    alter table postrider.mailpiece add constraint planted check (provider_id <> 'refused')`;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 1,
  );
  assert.deepEqual(await states(sql), { sent: 3, sending: 1 });
  assert.ok(
    log.some(
      (line) => line.startsWith('a result could not be recorded') && line.includes('"refused"'),
    ),
  );
  const reception = await pipeline.receiveWebhook(place.organizationId, 'a\0b', {
    url: '/',
    headers: {},
    body: Buffer.from('[]'),
  });
  assert.equal(reception.outcome, 'unknown_printer');
  await pipeline.stop();
  await Promise.all(clients.map(async (client) => await client.end({ timeout: 2 })));
});

void test("another copy's errors of ours are ours", async () => {
  const copy = (await again('../../packages/core/src/machine/errors.ts')) as {
    MachineError: typeof MachineError;
  };
  const error = new copy.MachineError('PR011', 'busy', { hint: 'wait', detail: {}, cause: null });
  assert.ok(!(error instanceof MachineError));
  assert.ok(isMachineError(error));
  const ports = (await again('../../packages/core/src/ports/order.ts')) as {
    SendStoppedError: typeof SendStoppedError;
  };
  assert.ok(isNamed<SendStoppedError>(new ports.SendStoppedError('gone'), 'SendStoppedError'));
  // What the machine refuses is not tried again until patience is at its end.
  const written: number[] = [];
  const said: string[] = [];
  const settler = new ResultWriter<number>({
    write: async ([first]) => {
      written.push(first ?? 0);
      return await Promise.reject(first === undefined ? new Error('not about results') : error);
    },
    patienceMs: () => 0,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (_fields, message) => void said.push(message),
    },
  });
  settler.add([1]);
  await settler.flush();
  assert.deepEqual(written, [1]);
  assert.deepEqual(said, ['a result could not be recorded; it counts as not given']);
});
