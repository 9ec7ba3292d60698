/**
 * The first rows of a list, before anything is made of it: which column is what, how many people
 * could be mailed, and why not the others.
 */
import {
  emailKey,
  quietContext,
  type AudienceField,
  type AudienceSource,
  type Member,
} from '@postrider/core/ports';
import { count, printable } from '@postrider/runner/process';
import type { Output } from '../output/output.ts';
import { howToSuppress, keptOutBy } from './kept-out.ts';

export const SAMPLE_ROWS = 50;
/** Of fewer rows some may be odd; that none can be used says enough of any. */
const TELLING_ROWS = 10;
/** Of fewer that share an e-mail it may be a family. */
const FAMILY_ROWS = 5;

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
  /** The same person as in a row before, under another id. */
  readonly doubled: number;
  /** In a household that is there already, of which one gets a card. */
  readonly sharing: number;
  /** Of whom the list says that they are not to be mailed. */
  readonly doNotMail: number;
  /** Rows with the e-mail that most rows have; 0 where there is no such one. */
  readonly sharedEmail: number;
  readonly unusable: readonly Told[];
  /** Taken, with something changed or left out. */
  readonly changed: readonly Told[];
}

export interface ListFindings {
  /** Null where the source does not say. */
  readonly fields: readonly AudienceField[] | null;
  readonly sample: ListSample;
}

/** The first rows, and those of them who have an address and are there for the first time. */
export interface SampleRead {
  readonly list: ListFindings;
  readonly members: readonly Member[];
}

/** Throws what the source throws. */
export async function readSample(
  source: AudienceSource,
  segment: string,
  hasEnricher: boolean,
): Promise<SampleRead> {
  const read: Member[] = [];
  const members: Member[] = [];
  const seen = new Map<string, Member>();
  const unusable: Telling[] = [];
  const changed: Telling[] = [];
  let [rows, lookedUp, repeated, doNotMail] = [0, 0, 0, 0];
  const options = { pageSize: SAMPLE_ROWS, limit: SAMPLE_ROWS };
  for await (const page of source.members(segment, options, quietContext())) {
    rows += page.members.length + page.rejects.length;
    unusable.push(...page.rejects);
    read.push(...page.members);
  }
  const isKeptOut = keptOutBy(read);
  for (const member of read) {
    const { row, externalId, address, notes = [] } = member;
    const first = new Map(notes.toReversed().map((note) => [note.reason, note]));
    changed.push(...[...first.values()].map((note) => ({ ...note, row })));
    const before = seen.get(externalId);
    if (before !== undefined && isAnother(before, member))
      unusable.push({ row, column: null, ...conflict(before) });
    else if (before !== undefined) repeated++;
    else if (isKeptOut(member)) doNotMail++;
    else if (address !== null) members.push(member);
    else if (hasEnricher) lookedUp++;
    else unusable.push({ row, column: null, ...noAddress });
    if (before === undefined) seen.set(externalId, member);
  }
  const sample = {
    rows,
    mailable: members.length,
    lookedUp,
    repeated,
    doubled: 0,
    sharing: 0,
    doNotMail,
    sharedEmail: sharingOneEmail(read),
    unusable: gathered(unusable),
    changed: gathered(changed),
  };
  const fields = (await source.describe?.(segment, quietContext())) ?? null;
  return { list: { fields, sample }, members };
}

/** How many have the e-mail that most of them have; 0 where no e-mail is that of most. */
function sharingOneEmail(members: readonly Member[]): number {
  const counts = new Map<string, number>();
  for (const { email } of members)
    if (email !== null) counts.set(emailKey(email), (counts.get(emailKey(email)) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return members.length >= FAMILY_ROWS && most > members.length / 2 ? most : 0;
}

const noAddress = {
  reason: 'no_address',
  message: 'There is no address, and the campaign has no enricher to find one.',
};

/** Whether two rows with one id are about two people, as a sync has it. */
function isAnother(one: Member, other: Member): boolean {
  const pairs = [
    [one.email, other.email],
    [one, other].map(({ address }) => address && `${address.line1} ${address.postalCode}`),
  ];
  return pairs.every(
    ([mine, theirs]) => mine && theirs && mine.toLowerCase() !== theirs.toLowerCase(),
  );
}

function conflict({ row }: Member): Pick<Told, 'reason' | 'message'> {
  const where = row === null ? 'a row before' : `row ${row}`;
  return {
    reason: 'conflicting_id',
    message: `The id stands in ${where} already, with another person.`,
  };
}

/** One row's fate, or that of several rows already. */
type Telling = Omit<Told, 'rows'> & { readonly rows?: number };

/** One entry a reason, the most frequent first. */
export function gathered(tellings: readonly Telling[]): readonly Told[] {
  const counts = new Map<string, Told>();
  for (const { rows = 1, row, column, reason, message } of tellings) {
    const before = counts.get(reason) ?? { reason, rows: 0, row, column, message };
    counts.set(reason, { ...before, rows: before.rows + rows });
  }
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

/** The columns of a look-up file, for people. What has no role there is not used. */
export function showLookUps(out: Output, fields: readonly AudienceField[]): void {
  const [used, unused] = [
    fields.filter(({ role }) => role !== null),
    fields.filter(({ role }) => role === null),
  ];
  out.list(used, [
    { title: 'column of the look-up file', value: ({ field }) => field },
    { title: 'is', value: ({ role }) => role },
  ]);
  if (unused.length > 0)
    out.print(
      printable(
        `not used: ${unused
          .map(({ field, remark }) => (remark === null ? field : `${field} (${remark})`))
          .join(', ')}`,
      ),
    );
  out.print();
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
  const { rows, mailable, lookedUp, repeated, doubled, sharing, doNotMail } = sample;
  if (rows === 0) return;
  const others = [
    lookedUp > 0 ? `${lookedUp} without an address would be looked up` : '',
    repeated > 0 ? `${repeated} repeated` : '',
    doubled > 0 ? `${doubled} the same person as a row before` : '',
    sharing > 0 ? `${sharing} in a household that is in already` : '',
    doNotMail > 0 ? `${doNotMail} not to be mailed, as the list says` : '',
  ].filter((part) => part !== '');
  out.print(
    `${placed.length + merge.length > 0 ? '\n' : ''}of ${rowsRead(rows)} ` +
      `${[`${mailable} could be mailed`, ...others].join(', ')}`,
  );
  if (doNotMail > 0) out.print(printable(`  ${howToSuppress(fields)}`));
  for (const told of sample.unusable) out.print(printable(`  not usable: ${sentence(told)}`));
  for (const told of sample.changed)
    out.print(printable(`  changed or left out: ${sentence(told)}`));
  out.print();
}
