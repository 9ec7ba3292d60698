/** The people in a CSV file, for an audience and for look-ups of addresses. */
import { AudienceSourceError } from '@postrider/core/ports';
import type { CallContext } from '@postrider/core/ports';
import type { ColumnPlan } from './column-plan.ts';
import { planHeader, titleLine } from './header.ts';
import { csvRecords, detectDelimiter } from './csv-records.ts';
import type { CsvRecord } from './csv-records.ts';
import { segmentIndex } from './options.ts';
import type { RowOptions } from './options.ts';
import { tellableId } from './plain-text.ts';
import { readRow } from './row.ts';
import type { RowReading, RowResult, RowRules } from './row.ts';
import { openSource } from './source-file.ts';
import type { SwallowedRow } from './swallowed-rows.ts';

export interface CsvRowOptions extends RowOptions {
  readonly delimiter?: string | undefined;
}

/** `line` of a row is the one that its record begins on, the header being line 1. */
export async function* csvRows(
  { path, segmentId, needsExternalId, onPlan }: RowReading,
  options: CsvRowOptions,
  context: Pick<CallContext, 'signal'>,
): AsyncGenerator<RowResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const rules: RowRules = { ...options, needsExternalId };
  const file = await openSource(path, options.encoding);
  try {
    let plan: ColumnPlan | null = null;
    let filter: number | undefined;
    const delimiter = options.delimiter ?? detectDelimiter(file.head);
    for await (const record of csvRecords(file, { path, delimiter }, signal)) {
      const { cells, line, swallowed } = record;
      if (plan === null) {
        requireOwnHeader(path, cells, swallowed);
        plan = headerOf(path, cells, { ...options, head: file.head }, needsExternalId);
        onPlan?.(plan);
        filter = segmentIndex(plan, options.segmentColumn);
        if (options.segmentColumn !== undefined && filter === undefined) {
          throw new AudienceSourceError(
            `${path}: there is no column "${options.segmentColumn}" to filter the segment by (line 1)`,
          );
        }
      } else if (swallowed.length > 0) {
        yield* readSwallowing(plan, record, rules, { path, delimiter });
      } else if (filter === undefined || cells[filter]?.trim() === segmentId) {
        yield readRow(plan, { cells, line }, rules);
      }
    }
    if (plan === null)
      throw new AudienceSourceError(
        `${path}: the file has no header line; the first line must name the columns`,
      );
    await file.assertUnchanged();
  } finally {
    await file.close();
  }
}

/**
 * A row that has swallowed others, and those, each told by its own line. It is a member still where
 * they stand in cells of merge data, which are left out. The segment column is not asked: nobody
 * knows whose cell it is.
 */
function* readSwallowing(
  plan: ColumnPlan,
  { cells, line, swallowed }: CsvRecord,
  rules: RowRules,
  { path, delimiter }: { readonly path: string; readonly delimiter: string },
): Generator<RowResult> {
  const held = new Set(swallowed.map(({ cell }) => cell));
  const printed = [...held].find((cell) => cell === null || !plan.merge.includes(cell));
  if (printed === undefined) {
    const without = [...held].map((cell) => {
      const column = plan.names[cell ?? -1] ?? '';
      return {
        cell: cell ?? -1,
        column,
        reason: 'left_out',
        message: `Column "${column}" holds another row (line ${swallowed[0]?.line}) and was left out.`,
      };
    });
    yield readRow(plan, { cells, line, without }, rules);
  } else {
    yield {
      reject: {
        row: line,
        column: printed === null ? null : (plan.names[printed] ?? null),
        reason: 'swallowed_row',
        message: `Another row (line ${swallowed[0]?.line}) stands inside this one: most likely a quote is opened and not closed.`,
        externalId: tellableId(cells[plan.at.externalId ?? -1]),
      },
    };
  }
  for (const row of swallowed) {
    const column = row.cell === null ? null : (plan.names[row.cell] ?? null);
    const where = column === null ? '' : `, in column "${column}"`;
    yield {
      reject: {
        row: row.line,
        column,
        reason: 'swallowed_row',
        message: `The row stands inside the row of line ${line}${where}: most likely a quote is opened there and not closed.`,
        externalId: tellableId(row.text.split(delimiter)[plan.at.externalId ?? -1]),
      },
      incomplete: `${path}: line ${row.line} stands inside the row of line ${line} (most likely a quote is opened there and not closed), so nobody was taken as having left`,
    };
  }
}

function requireOwnHeader(
  path: string,
  cells: readonly string[],
  swallowed: readonly SwallowedRow[],
): void {
  // The width of such a header says nothing; an e-mail is never a part of one.
  if (swallowed.length > 0 || cells.some((cell) => /[\r\n]/.test(cell) && cell.includes('@')))
    throw new AudienceSourceError(
      `${path}: the header holds another row; most likely a quote in it is opened and not closed`,
    );
}

function headerOf(
  path: string,
  cells: readonly string[],
  options: CsvRowOptions & { readonly head: string },
  needsExternalId: boolean,
): ColumnPlan {
  try {
    return planHeader(cells, options, needsExternalId);
  } catch (error) {
    if (!(error instanceof AudienceSourceError)) throw error;
    const message = titleLine(cells, options.head) ?? error.message;
    throw new AudienceSourceError(`${path}: ${message}`, { cause: error });
  }
}
