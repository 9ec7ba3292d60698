/**
 * The first rows of a list, before anything is made of it: which column is what, how many people
 * could be mailed, and why not the others.
 */
import type { AudienceField, AudienceSource, Member } from '@postrider/core/ports';
import { count, printable } from '@postrider/runner/process';
import type { Output } from '../output/output.ts';
import { quietContext } from './trial-card.ts';

export const SAMPLE_ROWS = 50;
/** Of fewer rows some may be odd; that none can be used says enough of any. */
const TELLING_ROWS = 10;

/** Rows with the same fate, and the first of them. */
export interface Told {
  readonly reason: string;
  readonly rows: number;
  readonly row: number | null;
  readonly column: string | null;
  readonly message: string;
}

export interface ListSample {
  readonly rows: number;
  readonly mailable: number;
  /** Known by e-mail only, and the campaign has an enricher. */
  readonly lookedUp: number;
  /** With an id that was there before. */
  readonly repeated: number;
  readonly unusable: readonly Told[];
  /** Taken, with something changed or left out. */
  readonly changed: readonly Told[];
}

export interface ListFindings {
  /** Null where the source does not say. */
  readonly fields: readonly AudienceField[] | null;
  readonly sample: ListSample;
}

/** Throws what the source throws. */
export async function readSample(
  source: AudienceSource,
  segment: string,
  hasEnricher: boolean,
): Promise<{ readonly list: ListFindings; readonly members: readonly Member[] }> {
  const members: Member[] = [];
  const seen = new Set<string>();
  const unusable = new Map<string, Told>();
  const changed = new Map<string, Told>();
  let [rows, lookedUp, repeated] = [0, 0, 0];
  const options = { pageSize: SAMPLE_ROWS, limit: SAMPLE_ROWS };
  for await (const page of source.members(segment, options, quietContext())) {
    rows += page.members.length + page.rejects.length;
    for (const reject of page.rejects) add(unusable, reject);
    for (const member of page.members) {
      const { row, externalId, address, notes = [] } = member;
      const first = new Map(notes.toReversed().map((note) => [note.reason, note]));
      for (const note of first.values()) add(changed, { ...note, row });
      if (seen.has(externalId)) repeated++;
      else if (address !== null) members.push(member);
      else if (hasEnricher) lookedUp++;
      else add(unusable, { row, column: null, ...noAddress });
      seen.add(externalId);
    }
  }
  const sample = {
    rows,
    mailable: members.length,
    lookedUp,
    repeated,
    unusable: ranked(unusable),
    changed: ranked(changed),
  };
  const fields = (await source.describe?.(segment, quietContext())) ?? null;
  return { list: { fields, sample }, members };
}

const noAddress = {
  reason: 'no_address',
  message: 'There is no address, and the campaign has no enricher to find one.',
};

function add(counts: Map<string, Told>, told: Omit<Told, 'rows'>): void {
  const { row, column, reason, message } = told;
  const before = counts.get(reason);
  counts.set(
    reason,
    before === undefined
      ? { reason, rows: 1, row, column, message }
      : { ...before, rows: before.rows + 1 },
  );
}

function ranked(counts: ReadonlyMap<string, Told>): readonly Told[] {
  return [...counts.values()].toSorted((one, two) => two.rows - one.rows);
}

/** Why the list as a whole is no list of people who can be mailed; null where it may be. */
export function mostlyUnusable({ fields, sample }: ListFindings): string | null {
  const { rows, unusable } = sample;
  const useless = unusable.reduce((sum, told) => sum + told.rows, 0);
  const isMost = useless === rows || (rows >= TELLING_ROWS && useless > rows / 2);
  if (rows === 0 || !isMost) return null;
  const usable = useless === rows ? 'none' : `only ${rows - useless}`;
  const there = fields === null ? '' : `; the columns are ${fields.map(named).join(', ')}`;
  return (
    `${usable} of ${rowsRead(rows)} can be used: ` + `${unusable.map(sentence).join('; ')}${there}`
  );
}

/** Fewer rows than were asked for are all that the list has. */
function rowsRead(rows: number): string {
  return rows < SAMPLE_ROWS ? `its ${count(rows, 'row')}` : `the first ${count(rows, 'row')}`;
}

/** `incomplete_address 12 (row 3: Column "zip" is blank)`. */
function sentence({ reason, rows, row, message }: Told): string {
  return `${reason} ${rows} (${row === null ? '' : `row ${row}: `}${message.replace(/\.$/, '')})`;
}

function named({ field, role }: AudienceField): string {
  return `"${field}"${role === null ? '' : ` (${role})`}`;
}

/** For people; with --json it is part of the result. */
export function showList(out: Output, { fields, sample }: ListFindings): void {
  const placed = (fields ?? []).filter(({ role, remark }) => role !== null || remark !== null);
  if (placed.length > 0)
    out.list(placed, [
      { title: 'column', value: ({ field }) => field },
      { title: 'is', value: ({ role }) => role ?? 'for the template' },
      ...(placed.some(({ remark }) => remark !== null)
        ? [{ title: '', value: ({ remark }: AudienceField) => remark }]
        : []),
    ]);
  const merge = (fields ?? []).filter(({ role, remark }) => role === null && remark === null);
  if (merge.length > 0)
    out.print(printable(`for the template only: ${merge.map(({ field }) => field).join(', ')}`));
  const { rows, mailable, lookedUp, repeated } = sample;
  if (rows === 0) return;
  const others = [
    lookedUp > 0 ? `${lookedUp} without an address would be looked up` : '',
    repeated > 0 ? `${repeated} repeated` : '',
  ].filter((part) => part !== '');
  out.print(
    `${placed.length + merge.length > 0 ? '\n' : ''}of ${rowsRead(rows)} ` +
      `${[`${mailable} could be mailed`, ...others].join(', ')}`,
  );
  for (const told of sample.unusable) out.print(printable(`  not usable: ${sentence(told)}`));
  for (const told of sample.changed)
    out.print(printable(`  changed or left out: ${sentence(told)}`));
  out.print();
}
