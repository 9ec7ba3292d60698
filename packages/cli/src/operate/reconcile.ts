/**
 * `reconcile`: asks printers about cards of which nobody knows whether they were printed; with
 * `--since`, for all that they made since a backup.
 */
import {
  concludeRestore,
  requireMigrated,
  type AskedSince,
  type Logger,
  type Pipeline,
} from '@postrider/core';
import { noticedRestore } from '@postrider/core/machine';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { quietLogger } from '@postrider/runner/pipeline';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { ensureOrganization } from './names.ts';
import { commandPipeline } from './pipeline.ts';

interface Organization {
  readonly id: string;
  readonly name: string;
}

export async function reconcileNow(
  cli: Cli,
  since: Date | null,
  organization: string | undefined,
): Promise<void> {
  await using database = await openDatabase(cli, { max: 4, name: 'postrider reconcile' });
  const { sql } = database;
  await requireMigrated(sql);
  const all: readonly Organization[] =
    organization === undefined
      ? await sql<Organization[]>`select id, name from postrider.organizations order by created_at`
      : [await ensureOrganization(sql, organization)];
  // What it waits for is said: it may take a minute.
  const logger: Logger = {
    ...quietLogger(cli.out),
    info: (fields, message) =>
      cli.out.note(`${message}${'seconds' in fields ? `: in ${String(fields.seconds)} s` : ''}`),
  };
  const pipeline = commandPipeline(await cli.project(), sql, logger);
  const asked =
    since === null
      ? []
      : await askSince(
          cli,
          { sql, pipeline },
          { all, since, named: organization !== undefined || all.length > 1 },
        );
  let moved = asked.reduce((sum, one) => sum + one.moved, 0);
  for (const { id, name } of all) {
    const some = await pipeline.reconcile(id);
    moved += some;
    if (some > 0) cli.out.detail(`${name}: ${count(some, 'person', 'people')} moved`);
  }
  const [left] = await sql<{ unknown: number }[]>`
    select count(*)::int as unknown from postrider.mailpieces where status = 'unknown'`;
  const unknown = left?.unknown ?? 0;
  const outcomes =
    unknown === 0
      ? 'no outcome is unknown'
      : `${count(unknown, 'outcome is', 'outcomes are')} still unknown, ` +
        `and ${unknown === 1 ? 'is' : 'are'} asked for again later`;
  const end = since === null ? null : await endOf(sql, asked, organization === undefined);
  cli.out.result(
    {
      moved,
      unknown,
      ...(end === null ? {} : { printers: asked, concluded: end === 'concluded' }),
    },
    `${count(moved, 'person', 'people')} moved; ${outcomes}`,
  );
  if (end instanceof UserError) throw end;
}

/** What the printers of which organizations are asked for. */
interface Since {
  readonly all: readonly Organization[];
  readonly since: Date;
  /** Commands have to say whose printer it is. */
  readonly named: boolean;
}

type Asked = AskedSince & { readonly organization: string };

async function askSince(
  cli: Cli,
  { sql, pipeline }: { readonly sql: Sql; readonly pipeline: Pipeline },
  { all, since, named }: Since,
): Promise<Asked[]> {
  if (since > new Date())
    throw new UserError(
      exitCodes.usage,
      '--since is in the future',
      'give the time of the backup that was restored',
    );
  const open = await sql<{ name: string; organization: string }[]>`
    select p.name, o.name as organization
    from postrider.printers p
    join postrider.organizations o on o.id = p.organization_id
    where p.organization_id = any (${all.map(({ id }) => id)})
      and p.held_at is null
    order by 1, 2`;
  if (open.length > 0) {
    const names = open.map(({ name }) => name).join(', ');
    const commands = open.map(({ name, organization }) => {
      const whose = named ? ` --organization "${organization}"` : '';
      return `postrider hold printer ${name}${whose}`;
    });
    throw new UserError(
      exitCodes.tryLater,
      open.length === 1
        ? `mailing may go on while the printer is asked: ${names} is not held`
        : `mailing may go on while printers are asked: ${names} are not held`,
      `first: ${commands.join('; ')}. Nothing was changed.`,
    );
  }
  const asked: Asked[] = [];
  for (const { id, name } of all) {
    for (const one of await pipeline.reconcileSince(id, since)) {
      asked.push({ organization: name, ...one });
      cli.out.note(`${name}, ${one.printer}: ${sentenceOf(one)}`);
    }
  }
  return asked;
}

function sentenceOf({ outcome, message, moved, adopted, strangers }: AskedSince): string {
  if (outcome === 'not_asked') return `could not tell: ${message ?? 'no reason was given'}`;
  const news = [
    `${count(moved, 'person', 'people')} sent after all`,
    adopted > 0 ? `${count(adopted, 'card', 'cards')} that this database did not know` : '',
    strangers > 0
      ? `${count(strangers, 'card', 'cards')} of people whom it does not know; ` +
        'they are not mailed again when they are synced'
      : '',
  ];
  const how =
    outcome === 'listed'
      ? 'listed all that it made since'
      : 'cannot be listed, and was asked for known cards only';
  return `${how}: ${news.filter((part) => part !== '').join(', ')}`;
}

/**
 * Only where every printer has told of everything, and no other restore was noticed since, the
 * restore is dealt with, and doctor says no more about it. Of one organization's printers: nothing
 * is concluded.
 */
async function endOf(
  sql: Sql,
  asked: readonly Asked[],
  everybody: boolean,
): Promise<'concluded' | 'not concluded' | UserError> {
  const last = await noticedRestore(sql);
  if (last !== null && asked.some(({ noticedAt }) => noticedAt !== last.at))
    return noticedAgain(last.why);
  const silent = asked
    .filter(({ outcome }) => outcome === 'not_asked')
    .map(({ printer }) => printer);
  if (silent.length > 0) {
    return new UserError(
      exitCodes.tryLater,
      `not every printer could tell: ${silent.join(', ')}`,
      'keep the printers held, and ask again: a runner that goes on now may print cards a second ' +
        'time. What the others told is recorded.',
    );
  }
  const unlisted = asked
    .filter(({ outcome }) => outcome === 'looked_up')
    .map(({ printer }) => printer);
  if (unlisted.length > 0) {
    // By its notice: one that comes while a person compares is another one.
    const notice = asked.find(({ noticedAt }) => noticedAt !== null)?.noticedAt;
    return new UserError(
      exitCodes.tryLater,
      `${unlisted.join(', ')} cannot be listed: cards that were begun after the backup are ` +
        'unknown here',
      "compare the printer's console with `postrider status`, " +
        'cancel who has a card already, then: postrider sql --write "select ' +
        `postrider.conclude_restore(${notice === undefined ? '' : `'${notice}'`})"`,
    );
  }
  if (!everybody) return 'not concluded';
  return (await concludeRestore(sql, asked)) ? 'concluded' : noticedAgain(null);
}

function noticedAgain(why: string | null): UserError {
  return new UserError(
    exitCodes.tryLater,
    'a restore was noticed while the printers were asked, ' +
      `and they have not told of it${why === null ? '' : `: ${why}`}`,
    'the printers stay held: run the same command again, ' +
      'with the time of the older backup or failover. What they told is recorded.',
  );
}
