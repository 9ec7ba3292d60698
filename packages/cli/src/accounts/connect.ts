/** `connect`: an account becomes a connection, once its provider has taken the key. */
import { randomUUID } from 'node:crypto';
import {
  ensureOrganization,
  keepAccountCalls,
  makeConnection,
  readSealingKeys,
  seal,
  SEALING_KEYS,
  type KeptSecret,
} from '@postrider/core';
import type { ProviderCall } from '@postrider/core/ports';
import { openDatabase, type Sql } from '@postrider/runner/database';
import type { Project } from '@postrider/runner/project';
import { exitCodes, UserError } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { organizationNamed } from './names.ts';
import { asKept, heldSecrets, type GivenSource, type HeldSecret } from './given-secrets.ts';
import {
  accountsOf,
  findingOf,
  inWords,
  modeOf,
  optionsOf,
  requireUsable,
  sendsWebhooks,
  withSecrets,
} from './provider.ts';

export interface ConnectOptions {
  readonly name: string | undefined;
  readonly mode: string | undefined;
  readonly organization: string | undefined;
  readonly makeOrganization: boolean;
  readonly secrets: readonly GivenSource[];
  readonly options: readonly string[];
  readonly seal: boolean;
  readonly check: boolean;
}

export async function connectAccount(
  cli: Cli,
  provider: string,
  options: ConnectOptions,
): Promise<void> {
  const kind = accountsOf(provider);
  const project = await cli.project();
  const read = optionsOf(provider, kind, options.options);
  const held = await heldSecrets({
    provider,
    kinds: kind.secrets,
    given: options.secrets,
    seal: options.seal,
    secret: (name) => project.secret(name),
  });
  const mode = modeOf(provider, kind, { held, said: options.mode });
  const name = options.name ?? (mode === 'live' ? provider : `${provider}-test`);
  const connectionId = randomUUID();
  await using database = await openDatabase(cli);
  const { sql } = database;
  const known = await knownOrganization(sql, options);
  // An organization that is yet to be made has no id: what is asked before is asked for no one.
  const place = { organizationId: known ?? randomUUID(), connectionId };
  const kept = (at: typeof place) => held.map((one) => asKept(one, sealedFor(project, at)));
  // Before anybody is asked: without a sealing key nothing can be kept.
  const secrets = kept(place);
  if (known !== null) await refuseTaken(sql, known, name);
  const account = { organizationId: place.organizationId, name, provider, mode, options: read };
  const asked: ProviderCall[] = [];
  const calls = { record: (call: ProviderCall) => void asked.push(call) };
  const finding = options.check
    ? await findingOf(kind, withSecrets(account, held), { calls })
    : null;
  if (finding !== null) requireUsable(provider, finding);
  const made = await sql.begin(async (tx) => {
    const organizationId =
      known ?? (await ensureOrganization(tx as unknown as Sql, options.organization ?? ''));
    const at = { organizationId, connectionId };
    const { endpointId } = await makeConnection(tx as unknown as Sql, {
      ...at,
      name,
      provider,
      mode,
      options: read,
      secrets: known === null ? kept(at) : secrets,
      finding,
    });
    return { ...at, endpointId };
  });
  await keepAccountCalls(sql, made, asked);
  cli.out.result(
    { ...made, name, provider, mode, finding, secrets: held.map(told) },
    `connection ${name} is made: ${provider}, ${inWords(finding)}`,
  );
  cli.out.note(
    cli.out.tint(
      'dim',
      `a campaign file names it in place of a kind: connection: ${name}` +
        (sendsWebhooks(kind)
          ? `\nits webhooks come in at /webhooks/${name}/${made.endpointId}`
          : ''),
    ),
  );
}

function told({ purpose, reference }: HeldSecret): object {
  return { purpose, kept: reference ?? 'sealed' };
}

/** What seals secrets for one connection. */
export function sealedFor(
  project: Project,
  place: { readonly organizationId: string; readonly connectionId: string },
): (purpose: string, value: string) => KeptSecret {
  return (purpose, value) => ({
    purpose,
    ...seal(value, { ...place, purpose }, readSealingKeys(project.secret(SEALING_KEYS))),
  });
}

/** The id of the organization; null: it is to be made, and only with its connection. */
async function knownOrganization(
  sql: Sql,
  { organization, makeOrganization }: ConnectOptions,
): Promise<string | null> {
  if (!makeOrganization) return (await organizationNamed(sql, organization)).id;
  if (organization === undefined)
    throw new UserError(
      exitCodes.usage,
      '--make-organization goes with --organization',
      'nothing was changed',
    );
  const [row] = await sql<{ id: string }[]>`
    select id from postrider.organizations where name = ${organization}`;
  return row?.id ?? null;
}

/** Before anybody is asked. The machine refuses it as well. */
async function refuseTaken(sql: Sql, organizationId: string, name: string): Promise<void> {
  const rows = await sql`
    select from postrider.connections
    where organization_id = ${organizationId}
      and name = ${name}`;
  if (rows.length > 0)
    throw new UserError(
      exitCodes.failed,
      `there is a connection ${name} already`,
      `give this one another --name, or replace its key: postrider connection rotate ${name}. ` +
        'Nothing was changed',
    );
}
