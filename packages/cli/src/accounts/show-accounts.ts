/** `connections` and `connection show`. */
import type { AccountFinding } from '@postrider/core/ports';
import { openDatabase, type Sql } from '@postrider/runner/database';
import type { Cli } from '../program/cli.ts';
import type { Fields } from '../output/table.ts';
import { relative } from '../output/text.ts';
import { organizationIdOf } from '../operate/names.ts';
import type { Which } from './keep-account.ts';
import { connectionNamed } from './names.ts';
import { inWords } from './provider.ts';

interface Shown {
  readonly organization: string;
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly mode: string;
  readonly options: object;
  readonly held_at: Date | null;
  readonly held_why: string | null;
  readonly checked_at: Date | null;
  readonly finding: AccountFinding | null;
  readonly endpoint_id: string;
  readonly printers: readonly string[];
  readonly campaigns: readonly string[];
  readonly secrets: readonly {
    readonly purpose: string;
    readonly kept: string;
    readonly keyId: string | null;
    readonly retiresAt: string | null;
  }[];
}

async function rowsOf(
  sql: Sql,
  organizationId: string | null,
  connectionId: string | null,
): Promise<readonly Shown[]> {
  return await sql<Shown[]>`
    select *
    from postrider.connections
    where (${organizationId}::uuid is null or organization_id = ${organizationId}::uuid)
      and (${connectionId}::uuid is null or id = ${connectionId}::uuid)
    order by organization, name`;
}

export async function listAccounts(cli: Cli, organization: string | undefined): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const rows = await rowsOf(sql, await organizationIdOf(sql, organization), null);
  cli.out.list(
    rows,
    [
      { title: 'organization', value: (row) => row.organization },
      { title: 'connection', value: (row) => row.name, style: () => 'bold' },
      { title: 'provider', value: (row) => row.provider },
      { title: 'mode', value: (row) => row.mode },
      { title: 'held', value: (row) => (row.held_at === null ? '' : relative(row.held_at)) },
      { title: 'used by', value: (row) => usersOf(row) },
      { title: 'checked', value: (row) => checkOf(row) },
    ],
    { nothing: 'no connection yet; make one: postrider connect <provider>' },
  );
}

export async function showAccount(cli: Cli, { name, organization }: Which): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const { organizationId, connectionId } = await connectionNamed(sql, name, organization);
  const [row] = await rowsOf(sql, organizationId, connectionId);
  if (row === undefined) return;
  if (cli.out.json) cli.out.emit(row);
  else cli.out.records([fieldsOf(row)]);
}

function usersOf({ printers, campaigns }: Shown): string {
  return [...printers.map((one) => `printer ${one}`), ...campaigns].join(', ');
}

function checkOf({ checked_at: at, finding }: Shown): string {
  return at === null ? inWords(null) : `${relative(at)}: ${inWords(finding)}`;
}

function fieldsOf(row: Shown): Fields {
  return [
    ['', `${row.name} of ${row.organization} (${row.id})`],
    ['provider', `${row.provider}, ${row.mode}`],
    ['checked', checkOf(row)],
    ...(row.held_at === null
      ? []
      : [['held', [relative(row.held_at), row.held_why ?? []].flat().join(': ')] as const]),
    ...row.secrets.map(
      ({ purpose, kept, keyId, retiresAt }) =>
        [
          purpose,
          (keyId === null ? kept : `${kept} with key ${keyId}`) +
            (retiresAt === null ? '' : `, good until ${new Date(retiresAt).toISOString()}`),
        ] as const,
    ),
    ...(Object.keys(row.options).length === 0
      ? []
      : [['options', JSON.stringify(row.options)] as const]),
    ['used by', usersOf(row) || 'nobody'],
    ['webhooks', `/webhooks/${row.name}/${row.endpoint_id}`],
  ];
}
