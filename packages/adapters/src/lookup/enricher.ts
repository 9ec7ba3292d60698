/**
 * Postal addresses from a file: e-mail in, address out.
 *
 * It answers at once, yet goes through the batch port like a provider that takes hours, so that the
 * whole of core's protocol is walked: a submitted batch is a small file in the data directory,
 * named by our reference. It survives a restart of the runner, `find` sees it, and handing in the
 * same reference again changes nothing.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AudienceSourceError, emailKey, readEmails } from '@postrider/core/ports';
import type {
  AdapterWiring,
  Address,
  AddressEnricher,
  CallContext,
  EnrichResult,
} from '@postrider/core/ports';
import { z } from 'zod';
import { errorCode, isPassing, writeFileAtomic } from '../kit/files.ts';
import { parseOptions } from '../kit/options.ts';
import { csvRows } from '../kit/people/csv-rows.ts';
import { fieldsOf } from '../kit/people/fields.ts';
import { ndjsonRows } from '../kit/people/ndjson-rows.ts';
import type { RowResult } from '../kit/people/row.ts';
import { lookupOptions } from './options.ts';
import { remarksOn } from './remarks.ts';

const batchSchema = z.object({
  reference: z.string(),
  people: z.array(
    z.object({
      recipientId: z.string(),
      email: z.string(),
      // A batch of the version before has none.
      otherEmails: z.array(z.string()).default([]),
    }),
  ),
});

const idPrefix = 'lookup-';
// Of a file that does not fit at all, one sees what is wrong by its first rows.
const toldRows = 20;
// Batches hold e-mail addresses; a settled one is of no use to anybody after this.
const keepMs = 30 * 86_400_000;

export function createLookupEnricher(options: unknown, wiring: AdapterWiring): AddressEnricher {
  const parsed = parseOptions('enricher', lookupOptions, options);
  const path = resolve(wiring.baseDirectory, parsed.path);
  const folder = join(wiring.dataDirectory, 'lookup-batches');
  const readTable = cachedTable(path, parsed);
  let cleaned = false;

  return {
    async submit(reference, people, context) {
      context.signal.throwIfAborted();
      const batch = {
        reference,
        people: people.map(({ recipientId, email, otherEmails = [] }) => ({
          recipientId,
          email,
          otherEmails,
        })),
      };
      try {
        await writeFileAtomic(batchFile(folder, reference), `${JSON.stringify(batch)}\n`);
      } catch (error) {
        // Nothing was renamed into place, so nothing was created.
        const message =
          `${folder}: the batch could not be stored ` +
          `(${errorCode(error) || String(error)}); ` +
          `nobody was looked up`;
        return isPassing(error)
          ? { outcome: 'retry', afterMs: 60_000, message }
          : { outcome: 'rejected', message };
      }
      if (!cleaned) {
        cleaned = true;
        await removeOldBatches(folder, context).catch((error: unknown) =>
          context.logger.warn({ error }, 'old look-up batches could not be removed'),
        );
      }
      return { outcome: 'accepted', providerBatchId: idPrefix + reference };
    },

    async find(reference, context) {
      context.signal.throwIfAborted();
      return (await readBatch(folder, reference)) === null ? null : idPrefix + reference;
    },

    async collect(providerBatchId, context) {
      context.signal.throwIfAborted();
      const batch = providerBatchId.startsWith(idPrefix)
        ? await readBatch(folder, providerBatchId.slice(idPrefix.length))
        : null;
      if (batch === null)
        return {
          outcome: 'lost',
          message: `${folder} has no batch ${providerBatchId}; its people go back and are handed in again`,
        };
      const table = await readTable(context);
      const results = batch.people.map(({ recipientId, email, otherEmails }): EnrichResult => {
        const keys = readEmails([email, ...otherEmails].join('; ')).addresses.map(emailKey);
        // The first e-mail of the person that the file has counts.
        const address = keys.map((key) => table.get(key)?.address).find((found) => found);
        return address === undefined
          ? { recipientId, outcome: 'no_match' }
          : { recipientId, outcome: 'match', address };
      });
      return { outcome: 'done', results };
    },

    async remarks(context) {
      const rows = formatOf(path, parsed) === 'csv' ? csvRows : ndjsonRows;
      const told = rows({ path, segmentId: '', needsExternalId: false }, parsed, context);
      return await remarksOn(path, told, context);
    },

    async describe(context) {
      const rows = formatOf(path, parsed) === 'csv' ? csvRows : ndjsonRows;
      const fields = await fieldsOf((onPlan) =>
        rows({ path, segmentId: '', needsExternalId: false, onPlan }, parsed, context),
      );
      return fields.map((field) =>
        field.role === 'doNotMail'
          ? { ...field, role: null, remark: 'a look-up does not obey it' }
          : field,
      );
    },
  };
}

/** An address as the file has it, and in which row. */
interface Entry {
  readonly row: number | null;
  readonly address: Address;
}
type Table = ReadonlyMap<string, Entry>;

function formatOf(path: string, options: z.infer<typeof lookupOptions>): 'csv' | 'ndjson' {
  const ending = extname(path).toLowerCase();
  return options.format ?? (['.ndjson', '.jsonl'].includes(ending) ? 'ndjson' : 'csv');
}

/**
 * The table is read once and again when the file changes. Throws `AudienceSourceError` where it
 * cannot be read: the batch then waits.
 */
function cachedTable(
  path: string,
  options: z.infer<typeof lookupOptions>,
): (context: CallContext) => Promise<Table> {
  const format = formatOf(path, options);
  let version = '';
  let table: Table = new Map();
  return async (context) => {
    const found = await stat(path, { bigint: true }).catch(() => null);
    const now = found === null ? '' : `${found.ino}:${found.size}:${found.mtimeNs}`;
    if (now !== '' && now === version) return table;
    const read = new Map<string, Entry>();
    const told: string[] = [];
    let [odd, unusable] = [0, 0];
    const rows = format === 'csv' ? csvRows : ndjsonRows;
    for await (const row of rows(
      { path, segmentId: '', needsExternalId: false },
      options,
      context,
    )) {
      const said = entered(read, row);
      if (said === null) unusable++;
      for (const one of said ?? [whyNot(row)]) if ((odd += 1) <= toldRows) told.push(one);
    }
    if (read.size === 0 && unusable > 0)
      throw new AudienceSourceError(
        `${path}: no row has both an e-mail and a usable address (${told[0] ?? ''})`,
      );
    if (odd > 0)
      context.logger.warn(
        { path, unusable, usable: read.size, odd, rows: told },
        'rows of the look-up file without e-mail or usable address were left out, ' +
          'or read otherwise than they are',
      );
    version = now;
    table = read;
    return table;
  };
}

/**
 * Enters a row by each of its e-mails, and tells what of it was not as it should be; null where it
 * cannot be used.
 */
function entered(table: Map<string, Entry>, row: RowResult): readonly string[] | null {
  if (!('member' in row) || row.member.email === null || row.member.address === null) return null;
  const { member } = row;
  const { address } = row.member;
  const told = (member.notes ?? []).map(({ message }) => `row ${member.row}: ${message}`);
  if (member.doNotMail === true)
    told.push(
      `row ${member.row}: ${member.doNotMailBecause ?? 'it says not to mail the person'}, ` +
        'which a look-up does not obey.',
    );
  for (const email of [row.member.email, ...(member.otherEmails ?? [])]) {
    const before = table.get(emailKey(email));
    if (before !== undefined && !isDeepStrictEqual(before.address, address))
      told.push(
        `row ${member.row}: ${email} has another address in row ${before.row}; this one counts.`,
      );
    table.set(emailKey(email), { row: member.row, address });
  }
  return told;
}

function whyNot(row: RowResult): string {
  if ('reject' in row) return `row ${row.reject.row}: ${row.reject.message}`;
  const [note] = row.member.notes ?? [];
  return (
    `row ${row.member.row}: ` +
    (note?.message ?? `There is no ${row.member.email === null ? 'e-mail' : 'address'}.`)
  );
}

function batchFile(folder: string, reference: string): string {
  const safe = /^[A-Za-z0-9_-]{1,100}$/.test(reference)
    ? reference
    : createHash('sha256').update(reference).digest('hex');
  return join(folder, `${safe}.json`);
}

async function readBatch(
  folder: string,
  reference: string,
): Promise<z.infer<typeof batchSchema> | null> {
  let text: string;
  try {
    text = await readFile(batchFile(folder, reference), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
  return batchSchema.parse(JSON.parse(text));
}

async function removeOldBatches(folder: string, context: CallContext): Promise<void> {
  const oldest = context.now().getTime() - keepMs;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && found.mtimeMs < oldest) await rm(path, { force: true });
  }
}
