/**
 * After a restored backup, a part of reconcile: what was printed since it was taken is known to the
 * printers only. Each lists what it made since; what it lists is evidence, also of pieces and of
 * people that this database has never heard of. Pieces that are known here are looked up one by one
 * besides.
 */
import { messageOf } from '../../common/message-of.ts';
import type { PrinterKey } from '../../machine/briefs.ts';
import { settleReconciled } from '../../machine/reconcile.ts';
import {
  adoptPieces,
  checkWatermark,
  piecesOpenedSince,
  longestPostingTime,
  printersOf,
  restoreNoticedAt,
  type PieceToAdopt,
} from '../../machine/restore.ts';
import type { ListedPiece, Printer } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { FIND_BATCH, findPieces } from '../../runtime/find-pieces.ts';
import { askPrinter, printerNamed, quietMs, type NamedPrinter } from '../../runtime/printers.ts';
import { unlessAborted } from '../../runtime/waiting.ts';
import { listAnswer } from './list-answer.ts';

/** Clocks differ, and a backup has no one moment. */
const MARGIN_MS = 3_600_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MOST_PAGES = 100_000;

export interface AskedSince {
  readonly printer: string;
  /**
   * `listed`: it was asked for everything. `looked_up`: it cannot be listed, so only pieces that
   * are known here were asked for. `not_asked`: it could not be reached, or could not tell of every
   * piece.
   */
  readonly outcome: 'listed' | 'looked_up' | 'not_asked';
  /** Why it was not asked, or what it could not tell. */
  readonly message: string | null;
  /** People who are sent now. */
  readonly moved: number;
  /** Pieces that were unknown here. */
  readonly adopted: number;
  /**
   * People with a card who are unknown here: when they are synced again they are not mailed again.
   */
  readonly strangers: number;
  /**
   * The restore about which it was asked, by when it was noticed; null: none was. What it told says
   * nothing of one that was noticed later.
   */
  readonly noticedAt: string | null;
}

function piecesToAdopt(organizationId: string) {
  return ({
    reference,
    onPaper,
    providerId,
    idempotencyKey,
    person,
    mode,
    createdAt,
  }: ListedPiece): PieceToAdopt[] => {
    if (!onPaper || reference === null || reference.organizationId !== organizationId) return [];
    const { mailpieceId, recipientId, campaignId } = reference;
    if (
      ![mailpieceId, recipientId, campaignId].every((id) => UUID.test(id)) ||
      Number.isNaN(Date.parse(createdAt))
    )
      return [];
    return [
      {
        mailpieceId,
        recipientId,
        campaignId,
        providerId,
        idempotencyKey: UUID.test(idempotencyKey ?? '') ? idempotencyKey : null,
        person,
        mode,
        createdAt,
      },
    ];
  };
}

/** What a printer is asked for that can list what it made. */
interface Listing {
  readonly printer: NamedPrinter;
  readonly list: NonNullable<Printer['list']>;
  readonly since: Date;
}

/** Everything that the printer made since. */
async function adoptListed(
  context: PipelineContext,
  key: PrinterKey,
  { printer, list, since }: Listing,
): Promise<{ moved: number; adopted: number; strangers: number }> {
  const { organizationId, printerName: name } = key;
  const sum = { moved: 0, adopted: 0, strangers: 0 };
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = listAnswer(
      await askPrinter(context, printer, async (call) => await list(since, cursor, call)),
    );
    const pieces = answer.pieces.flatMap(piecesToAdopt(organizationId));
    if (pieces.length > 0) {
      const some = await adoptPieces(context.sql, key, pieces);
      sum.moved += some.moved;
      sum.adopted += some.adopted;
      sum.strangers += some.strangers;
    }
    if (answer.cursor === null) return sum;
    if (answer.cursor === cursor) throw new Error(`printer ${name} gave the same page twice`);
    cursor = answer.cursor;
  }
  throw new Error(`printer ${name} does not come to the end of its list`);
}

/**
 * Pieces without a printer's id that were opened about then or later, looked up by our reference.
 * Returns how many people moved, and what could not be told.
 */
async function lookUpKnown(
  context: PipelineContext,
  key: PrinterKey,
  since: Date,
): Promise<{ moved: number; undetermined: string | null }> {
  const { organizationId, printerName: name } = key;
  let moved = 0;
  let undetermined: string | null = null;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const pieces = await piecesOpenedSince(context.sql, key, { since, after, limit: FIND_BATCH });
    if (pieces.length === 0) return { moved, undetermined };
    const verdicts = await findPieces(context, key, pieces, (error, line) =>
      context.logger.warn({ printer: name, pieces: pieces.length, error: messageOf(error) }, line),
    );
    undetermined ??=
      verdicts.find(({ outcome }) => outcome === 'not_asked' || outcome === 'cannot_tell')
        ?.message ?? null;
    moved += await settleReconciled(
      context.sql,
      organizationId,
      verdicts.filter(({ outcome }) => outcome === 'found'),
    );
    after = pieces.at(-1)?.mailpieceId ?? after;
  }
}

/** A change of servers counts also where no runner has seen it yet. */
async function lastNotice({ sql, watermark }: PipelineContext): Promise<string | null> {
  await checkWatermark(sql, watermark.marks);
  return await restoreNoticedAt(sql);
}

/**
 * A runner that began a card before the servers changed may post it until its lease ends, and what
 * it posts then would not be listed. It gives up as soon as it sees the new server; one that sees
 * none any more has its lease. Where they change again meanwhile, the wait begins anew. Returns the
 * last notice whose old leases have passed.
 */
async function waitForOldLeases(
  context: PipelineContext,
  printer: string,
  quiet: number,
): Promise<string | null> {
  const { sql, settings, logger, stopping } = context;
  for (;;) {
    const noticedAt = await lastNotice(context);
    const ms = await longestPostingTime(sql, settings.leaseMs, quiet);
    if (ms <= 0) return noticedAt;
    logger.info(
      { printer, seconds: Math.ceil(ms / 1000) },
      'the printer is asked when no runner can be sending from before any more',
    );
    await unlessAborted(
      new Promise<void>((resolve) => setTimeout(resolve, Math.ceil(ms))),
      stopping,
    );
  }
}

/**
 * Asks every printer of the organization for what it made since the backup was taken. Hold the
 * printers first: a runner that mails meanwhile may mail twice. A printer that was asked while
 * another restore was noticed may have been asked too early for that one: it is to be asked again.
 */
export async function reconcileSince(
  context: PipelineContext,
  organizationId: string,
  since: Date,
): Promise<AskedSince[]> {
  // Else the first runner that starts afterwards would notice the restore about which they were
  // asked.
  await context.watermark.refresh();
  const asked: AskedSince[] = [];
  const from = new Date(since.getTime() - MARGIN_MS);
  for (const { name } of await printersOf(context.sql, organizationId)) {
    let nothing = {
      printer: name,
      moved: 0,
      adopted: 0,
      strangers: 0,
      noticedAt: await lastNotice(context),
    };
    const key = { organizationId, printerName: name };
    try {
      const printer = await printerNamed(context, organizationId, name);
      const list = printer.port.list?.bind(printer.port);
      nothing = {
        ...nothing,
        noticedAt: await waitForOldLeases(context, name, quietMs(context, printer.port)),
      };
      const listed =
        list === undefined
          ? nothing
          : await adoptListed(context, key, { printer, list, since: from });
      const { moved, undetermined } = await lookUpKnown(context, key, from);
      const last = await lastNotice(context);
      const isStale = last !== null && last !== nothing.noticedAt;
      const message = isStale
        ? 'a restore was noticed while it was asked: ask it again'
        : undetermined;
      const outcome = message !== null ? 'not_asked' : list === undefined ? 'looked_up' : 'listed';
      asked.push({ ...nothing, ...listed, moved: listed.moved + moved, outcome, message });
    } catch (error) {
      asked.push({ ...nothing, outcome: 'not_asked', message: messageOf(error) });
    }
  }
  return asked;
}
