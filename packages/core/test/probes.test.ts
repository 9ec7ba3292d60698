/**
 * Runners probe a connection that does not work, one at a time, and its mail goes on when it does.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { z } from 'zod';
import {
  applyCampaign,
  armPrinter,
  createPipeline,
  ensureOrganization,
  integrationsOf,
  launch,
  type Integrations,
  type Pipeline,
} from '@postrider/core';
import type { Connection, ConnectionKind } from '@postrider/core/ports';
import { noteHealth } from '../src/machine/health.ts';
import {
  definition,
  freshMachine,
  people,
  syncPeople,
  type Machine,
} from '../../../test/support/machine.ts';
import { proofAll, turnClock } from '../../../test/sql/rig.ts';
import { by, connected } from '../../../test/sql/rig/connections.ts';
import { noopPorts, until } from '../../../test/pipeline/rig.ts';

/** A provider that answers nothing until it is mended. */
async function provider() {
  const probes: { readonly at: number; over: number }[] = [];
  let isMended = false;
  const server = createServer((_request, response) => {
    const probe = { at: performance.now(), over: Infinity };
    probes.push(probe);
    response.once('close', () => (probe.over = performance.now()));
    if (isMended) response.end('{}');
    else setTimeout(() => response.destroy(), 700);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kind: ConnectionKind = {
    secrets: [],
    options: z.object({}),
    modeOf: () => null,
    check: async (connection) => {
      try {
        await (await fetch(`http://127.0.0.1:${port}/account`)).text();
        return { outcome: 'usable', mode: connection.mode, account: null, notes: [] };
      } catch (error) {
        return { outcome: 'unreachable', message: `the connection broke: ${String(error)}` };
      }
    },
  };
  return {
    kind,
    probes,
    mend: () => {
      isMended = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pipelineOn(machine: Machine, integrations: Partial<Integrations>): Pipeline {
  return createPipeline({
    sql: machine.connect(3),
    restoreWatermark: 'not kept',
    integrations: { ...integrationsOf(noopPorts()), ...integrations },
    settings: { beats: false, reapMs: 150 },
  });
}

/** Cards that wait because the breaker of their printer's connection is open. */
async function broken(machine: Machine) {
  const { sql } = machine;
  const organizationId = await ensureOrganization(sql, 'Bakery');
  const { connectionId } = await connected(sql, organizationId);
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
  await armPrinter(sql, organizationId, 'lob-main');
  const at = { organizationId, campaignId };
  await launch(sql, at, { mode: 'live' });
  await syncPeople(sql, at, people(3));
  await proofAll(sql, at);
  const cause = 'api.lob.com did not answer';
  const key = { organizationId, connectionId };
  await noteHealth(sql, [{ ...key, works: false, failures: 5, cause }]);
  return key;
}

async function sentOf(machine: Machine): Promise<number> {
  const [row] = await machine.sql`
    select count(*)::int as n from postrider.recipient_state where state = 'sent'`;
  return Number(row?.['n']);
}

void test('of four runners one probes at a time; when the provider answers its cards go at once', async () => {
  await using machine = await freshMachine();
  await using lob = await provider();
  const key = await broken(machine);
  const connection: Connection = {
    organizationId: key.organizationId,
    name: 'lob-main',
    provider: 'lob',
    mode: 'live',
    options: {},
    secrets: () => [],
  };
  const asked: string[] = [];
  const runners = Array.from({ length: 4 }, () =>
    pipelineOn(machine, {
      connection: async (connectionId, organizationId) => {
        asked.push(`${organizationId} ${connectionId}`);
        return await Promise.resolve({ kind: lob.kind, connection });
      },
    }),
  );
  try {
    await Promise.all(runners.map(async (runner) => await runner.start()));
    for (let round = 1; round <= 3; round += 1) {
      // Past its pause, whatever that is by now.
      await turnClock(machine.sql, 120_000);
      await until(
        () => lob.probes.length >= round && lob.probes.every(({ over }) => over < Infinity),
      );
    }
    assert.equal(await sentOf(machine), 0);
    assert.equal(new Set(asked).size, 1);
    const inOrder = lob.probes.toSorted((one, other) => one.at - other.at);
    for (const [index, { at }] of inOrder.entries())
      assert.ok(index === 0 || at >= (inOrder[index - 1]?.over ?? Infinity));
    lob.mend();
    await turnClock(machine.sql, 600_000);
    await until(async () => (await sentOf(machine)) === 3);
  } finally {
    await Promise.all(runners.map(async (runner) => await runner.stop()));
  }
});

void test('where no runner can probe, the cards try it', async () => {
  await using machine = await freshMachine();
  await broken(machine);
  const runner = pipelineOn(machine, {});
  try {
    await runner.start();
    await turnClock(machine.sql, 120_000);
    await until(async () => (await sentOf(machine)) === 3);
  } finally {
    await runner.stop();
  }
});
