/** Work that fails: its causes, as they really come, and where it is seen. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { createCsvAudience } from '@postrider/adapters/csv';
import type { Place } from '../../support/machine.ts';
import { bakery, watched, type Watched } from './watched.ts';

interface Failing {
  readonly work: string;
  readonly failures: number;
  readonly code: string | null;
  readonly error: string;
}

/** What fails now, by work. */
export async function failing(sql: postgres.Sql): Promise<Failing[]> {
  return [
    ...(await sql<
      Failing[]
    >`select work, failures, code, error from postrider.failing_work order by work, campaign`),
  ];
}

export async function works(sql: postgres.Sql): Promise<[string, number][]> {
  return (await failing(sql)).map(({ work, failures }) => [work, failures]);
}

interface Finding {
  readonly verdict: string;
  readonly message: string;
  readonly helps: string | null;
}

export async function doctor(sql: postgres.Sql): Promise<Finding | undefined> {
  const [row] = await sql<Finding[]>`
    select verdict, message, what_helps as helps from postrider.doctor('work')`;
  return row;
}

interface Raised {
  readonly id: string;
  readonly organization_id: string;
  readonly meaning: string;
}

export async function alarms(sql: postgres.Sql): Promise<Raised[]> {
  return [
    ...(await sql<Raised[]>`
    select id, organization_id, meaning
    from postrider.alarms
    where kind = 'work_failing'
    order by meaning`),
  ];
}

export async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'failing-work-'));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }) };
}

/** An address at which nobody listens, until it is opened. */
export async function address(): Promise<
  { url: string; open: () => Promise<void> } & AsyncDisposable
> {
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((_request, response) => response.end('{}')).listen(
      port,
      '127.0.0.1',
    );
    await once(server, 'listening');
    return server;
  };
  const close = async (server: Server | undefined): Promise<void> => {
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  };
  const first = await listen(0);
  const { port } = first.address() as AddressInfo;
  await close(first);
  let server: Server | undefined;
  return {
    url: `http://127.0.0.1:${port}/`,
    open: async () => void (server = await listen(port)),
    [Symbol.asyncDispose]: async () => await close(server),
  };
}

export function waiting(name: string) {
  return { externalId: name, email: `${name}@example.com`, firstName: 'Ada', merge: {} };
}

export const LIST =
  'id,email,name,street,city,state,zip\n7,ada@example.com,Ada,1 Elm St,Oakland,CA,94607\n';

/**
 * A campaign whose list is a CSV file that is not there yet, and one of another organization beside
 * it.
 */
export async function listed(path: string): Promise<Watched & { place: Place; other: Place }> {
  const source = createCsvAudience(
    {
      path,
      columns: {
        externalId: 'id',
        email: 'email',
        firstName: 'name',
        line1: 'street',
        city: 'city',
        region: 'state',
        postalCode: 'zip',
      },
    },
    { baseDirectory: '/', dataDirectory: '/', secret: () => undefined },
  );
  const at = await watched({
    integrations: { audience: async () => await Promise.resolve(source) },
  });
  const other = await bakery(at.sql, 'Other');
  return {
    ...at,
    place: await bakery(at.sql, 'Bakery'),
    other,
    [Symbol.asyncDispose]: async () => await at[Symbol.asyncDispose](),
  };
}
