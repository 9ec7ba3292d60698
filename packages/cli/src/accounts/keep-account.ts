/** `connection check`, `rename`, `rotate`, `remove`: of a connection that is there. */
import { noteFinding, removeConnection, renameConnection, rotateSecret } from '@postrider/core';
import type { AccountFinding, ConnectionKind } from '@postrider/core/ports';
import { openDatabase } from '@postrider/runner/database';
import { exitCodes, UserError } from '@postrider/runner/process';
import { asArgument } from '../output/as-command.ts';
import { confirm } from '../output/confirm.ts';
import type { Cli } from '../program/cli.ts';
import { sealedFor } from './connect.ts';
import { asKept, heldSecrets, type GivenSource, type HeldSecret } from './given-secrets.ts';
import { connectionNamed, type ConnectionRow } from './names.ts';
import { openedAccount } from './opened.ts';
import {
  accountsOf,
  findingOf,
  inWords,
  requireUsable,
  sendsWebhooks,
  withSecrets,
} from './provider.ts';

export interface Which {
  readonly name: string;
  readonly organization: string | undefined;
}

export async function checkAccount(cli: Cli, { name, organization }: Which): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const project = await cli.project();
  const row = await connectionNamed(sql, name, organization);
  const unreadable: string[] = [];
  const connection = await openedAccount(sql, (secret) => project.secret(secret), {
    ...row,
    onUnreadable: ({ message }) => void unreadable.push(message),
  });
  if (connection === null)
    throw mayNotRead(row, 'what it said last: postrider connections. Nothing was changed');
  const finding = await findingOf(accountsOf(row.provider), connection, {
    sql,
    connectionId: row.connectionId,
  });
  await noteFinding(sql, row, finding);
  cli.out.result(
    { ...keyOf(row), finding, unreadable },
    `${row.name} (${row.provider}): ${inWords(finding)}`,
  );
  for (const message of unreadable) cli.out.note(message);
  process.exitCode = codeOf(finding);
  if (finding.outcome === 'usable' && row.heldAt !== null)
    cli.out.note(`it is held; to go on: postrider release connection ${asArgument(row.name)}`);
}

function codeOf({ outcome }: AccountFinding): number {
  if (outcome === 'usable') return exitCodes.ok;
  return outcome === 'refused' ? exitCodes.failed : exitCodes.unavailable;
}

function keyOf({ organization, connectionId, name, provider, mode }: ConnectionRow): object {
  return { organization, connectionId, name, provider, mode };
}

export async function renameAccount(
  cli: Cli,
  { name, organization }: Which,
  to: string,
): Promise<void> {
  await using database = await openDatabase(cli);
  const row = await connectionNamed(database.sql, name, organization);
  await renameConnection(database.sql, row, to);
  cli.out.result(
    { ...keyOf(row), name: to, was: row.name },
    `connection ${row.name} is ${to} now; its printers and campaigns stay with it`,
  );
  cli.out.note(cli.out.tint('dim', `a campaign file that is applied again says connection: ${to}`));
  if (sendsWebhooks(accountsOf(row.provider)))
    cli.out.note(
      `its webhooks come in at /webhooks/${to}/${row.endpointId} from now on, and nowhere else: ` +
        `tell ${row.provider}`,
    );
}

export interface RotateOptions {
  readonly secrets: readonly GivenSource[];
  readonly seal: boolean;
  readonly check: boolean;
  /** How long the one before is good, in milliseconds. */
  readonly overlapMs: number;
}

export async function rotateAccount(
  cli: Cli,
  { name, organization }: Which,
  { secrets: given, seal, check, overlapMs }: RotateOptions,
): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const project = await cli.project();
  const row = await connectionNamed(sql, name, organization);
  const kind = accountsOf(row.provider);
  const sources =
    given.length > 0 ? given : [{ purpose: null, source: { from: 'prompt' } as const }];
  const held = await heldSecrets({
    provider: row.provider,
    // Nothing is asked for that is not to be replaced.
    kinds: kind.secrets.map((one) => ({ ...one, required: false })),
    given: sources,
    seal,
    secret: (secret) => project.secret(secret),
  });
  requireSameMode(row, kind, held);
  const sealed = sealedFor(project, row);
  const kept = held.map((one) => asKept(one, sealed));
  let finding: AccountFinding | null = null;
  if (check) {
    const there = await openedAccount(sql, (secret) => project.secret(secret), row);
    if (there === null && !hasKey(kind, held))
      throw mayNotRead(row, 'nothing was kept; to keep it unasked: --no-check');
    const account = withSecrets(row, held, (purpose) => there?.secrets(purpose) ?? []);
    finding = await findingOf(kind, account, { sql, connectionId: row.connectionId });
    requireUsable(row.provider, finding);
    // They are about secrets, too, and not all were at hand.
    if (there === null && finding.outcome === 'usable') finding = { ...finding, notes: [] };
  }
  const until: Record<string, Date | null> = {};
  await sql.begin(async (tx) => {
    for (const secret of kept)
      until[secret.purpose] = await rotateSecret(tx, row, { secret, overlapMs });
    if (finding !== null) await noteFinding(tx, row, finding);
  });
  cli.out.result(
    { ...keyOf(row), rotated: until, finding },
    Object.entries(until)
      .map(
        ([purpose, date]) =>
          `the ${purpose} of ${row.name} is replaced` +
          (date === null ? '' : `; the one before is good until ${date.toISOString()}`),
      )
      .join('\n'),
  );
  if (row.heldAt !== null)
    cli.out.note(`it is held; to go on: postrider release connection ${asArgument(row.name)}`);
}

/** Whether the key by which the account is asked is among them. */
function hasKey(kind: ConnectionKind, held: readonly HeldSecret[]): boolean {
  return held.some(({ purpose }) => purpose === kind.secrets[0]?.purpose);
}

/** A role that operates gives secrets, and reads none. */
function mayNotRead({ name, provider }: ConnectionRow, hint: string): UserError {
  return new UserError(
    exitCodes.noRights,
    `this role may not read the secrets of connection ${name}, so ${provider} cannot be asked`,
    `a role that was granted postrider_runner may, and the owner; ${hint}`,
  );
}

/** What was made with a test key is never printed: another mode is another connection. */
function requireSameMode(
  { name, provider, mode }: ConnectionRow,
  kind: ConnectionKind,
  held: readonly HeldSecret[],
): void {
  const key = held.find(({ purpose }) => purpose === kind.secrets[0]?.purpose);
  const told = key === undefined ? null : kind.modeOf(key.value);
  if (told !== null && told !== mode)
    throw new UserError(
      exitCodes.configuration,
      `the key is for ${told} mode, and connection ${name} is ${mode}`,
      `make another connection: postrider connect ${provider}. Nothing was changed`,
    );
}

export async function removeAccount(
  cli: Cli,
  { name, organization }: Which,
  yes: boolean,
): Promise<void> {
  await using database = await openDatabase(cli);
  const row = await connectionNamed(database.sql, name, organization);
  await confirm(cli.out, {
    what:
      `connection ${row.name} of ${row.organization} (${row.provider}, ${row.mode}) ` +
      'is removed with its secrets.',
    yes,
  });
  await removeConnection(database.sql, row);
  cli.out.result({ ...keyOf(row), removed: true }, `connection ${row.name} is removed`);
}
