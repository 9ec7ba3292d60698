/** The accounts that a campaign file names: found by their names, or refused at their fields. */
import { offerOf, portFields, portNames } from '@postrider/adapters';
import { requireMigrated } from '@postrider/core';
import type { Connection, PortName } from '@postrider/core/ports';
import { didYouMean } from '@postrider/core/ports/near';
import { isGroup } from '@postrider/runner/integrations';
import type { Problem } from '@postrider/runner/yaml-file';
import { databaseExists, openDatabase, type Sql } from '@postrider/runner/database';
import type { CampaignDraft, CampaignFile } from '../campaign-file/read.ts';
import type { Cli } from '../program/cli.ts';
import { openedAccount } from './opened.ts';

export interface DraftWithAccounts {
  /** The file, with the kinds of its providers where it names accounts. */
  readonly draft: CampaignDraft;
  /** By field of the file; without those that this role may not read. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

interface Account {
  readonly organizationId: string;
  readonly id: string;
  readonly name: string;
  readonly provider: string;
}

export async function withAccounts(cli: Cli, draft: CampaignDraft): Promise<DraftWithAccounts> {
  const named = portNames.flatMap((port) => {
    const entry = draft.raw[portFields[port]];
    const name = isGroup(entry) ? entry['connection'] : undefined;
    return typeof name === 'string' ? [{ port, name }] : [];
  });
  if (named.length === 0) return { draft, connections: new Map(), problems: [], warnings: [] };
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const kinds = new Map<string, string>();
  const connections = new Map<string, Connection>();
  // A database of its own: what it found is used when it is closed.
  await using database = (await databaseExists(cli)) ? await openDatabase(cli, { max: 1 }) : null;
  if (database !== null) await requireMigrated(database.sql);
  const known = database === null ? [] : await accountsOf(database.sql, draft);
  for (const { port, name } of named) {
    const field = portFields[port];
    const account = known.find((one) => one.name === name) ?? known.find(({ id }) => id === name);
    const wrong = account === undefined ? unknown(name, known) : unserved(port, account);
    if (account === undefined || wrong !== null) {
      problems.push(draft.problem(`${field}.connection`, wrong ?? ''));
      continue;
    }
    kinds.set(field, account.provider);
    const project = await cli.project();
    const connection =
      database &&
      (await openedAccount(database.sql, (secret) => project.secret(secret), {
        organizationId: account.organizationId,
        connectionId: account.id,
      }));
    if (connection === null)
      warnings.push(`${field}: this role may not read connection ${name}, so it is not tried out`);
    else connections.set(field, connection);
  }
  return { draft: ofKinds(draft, kinds), connections, problems, warnings };
}

async function accountsOf(sql: Sql, { raw }: CampaignDraft): Promise<readonly Account[]> {
  const { organization } = raw;
  return await sql<Account[]>`
    select organization_id as "organizationId", id, name, provider
    from postrider.connections
    where organization = ${typeof organization === 'string' ? organization.trim() : ''}
    order by name`;
}

function unknown(name: string, known: readonly Account[]): string {
  const names = known.map((one) => one.name);
  const there =
    names.length === 0
      ? 'its organization has none yet: postrider connect <provider> makes one'
      : (didYouMean(name, names) ?? `there are ${names.join(', ')}`);
  return `there is no connection ${name}; ${there}`;
}

/** What an account cannot be here, or null. */
function unserved(port: PortName, { name, provider }: Account): string | null {
  if (offerOf(port, provider) !== undefined) return null;
  const serves = portNames.filter((one) => offerOf(one, provider) !== undefined);
  return (
    `${name} is an account at ${provider}, which is no ${portFields[port]}` +
    (serves.length === 0
      ? ': this version does not know it'
      : `; it serves as ${serves.map((one) => portFields[one]).join(', ')}`)
  );
}

function ofKinds(draft: CampaignDraft, kinds: ReadonlyMap<string, string>): CampaignDraft {
  const withKinds = (
    entries: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      Object.entries(entries).map(([field, entry]) => {
        const kind = kinds.get(field);
        return [field, kind === undefined || !isGroup(entry) ? entry : { ...entry, kind }];
      }),
    );
  const file: CampaignFile | null = draft.file && {
    ...draft.file,
    definition: {
      ...draft.file.definition,
      integrations: withKinds(draft.file.definition.integrations),
    },
  };
  return { ...draft, raw: withKinds(draft.raw), file };
}
