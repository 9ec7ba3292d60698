/**
 * What people write into a cell where their program has no field for it: `Smith (deceased)`, `DO
 * NOT MAIL` in a second line, a tag `dnm`. On a card it is a blunder, and its person must not have
 * one.
 */
import type { Note } from '@postrider/core/ports';
import type { ColumnPlan, Role } from './columns.ts';
import { wordsOf } from './headings.ts';
import type { SaidOfMail } from './do-not-mail.ts';
import { quote } from './quote.ts';

const not = String.raw`(?:please )?(?:do[ _-]?not|don['’]?t|do n['’]t)[ _-]?`;
const optOut = inWords(
  `${not}(?:mail|contact|send|solicit|use)|(?:no|stop)[ _-](?:more )?(?:mail|mailings?|contact)|` +
    'remove from (?:the )?(?:mailing )?list|opted[ _-]out|unsubscribed',
);
const abbreviated = /(?<![\p{L}\p{N}])(?:DNM|D\.N\.M\.)(?![\p{L}\p{N}])/u;
const death = inWords(
  "deceased|dec['’]d|verstorben|décédée?|fallecid[oa]|decedut[oa]|overleden|falecid[oa]",
);
const deathSign = /\(dec\.?\)|†|✝/i;
const estate = /^(?:the )?est(?:ate|\.)? of |^the late /i;
/** A whole cell of merge data, or one of the tags in it. */
const tag = new RegExp(
  `^(?:${not}(?:mail|contact|send mail|solicit)|dnm|no mail|stop mail|no mailings?|mail opt ?out|` +
    'opted out of mail|deceased|verstorben|décédée?)$',
  'iu',
);
/** In the words of a note. */
const inNote = inWords("(?:do ?not|don['’]?t) (?:mail|send (?:mail|post|cards?|postcards?))");

const names = new Set<Role>(['firstName', 'lastNamePrefix', 'lastName', 'name']);
const ofNotes = new Set(
  (
    'note notes comment comments remark remarks memo tag tags label labels status flag flags ' +
    'bemerkung bemerkungen notiz notizen kommentar remarque remarques nota notas'
  ).split(' '),
);

/** What the cells of a row say beside what they are for. */
export function readMarks(plan: ColumnPlan, cells: readonly string[]): SaidOfMail {
  if (plan.marks.length === 0) return { because: null, notes: [] };
  const roles = new Map(Object.entries(plan.at).map(([role, index]) => [index, role as Role]));
  const found = plan.marks.flatMap((index) => {
    const cell = cells[index] ?? '';
    const role = roles.get(index);
    const column = plan.names[index] ?? '';
    const mark =
      role !== undefined && role !== 'externalId' && role !== 'email'
        ? markIn(role, cell)
        : plan.merge.includes(index)
          ? markBeside(column, cell)
          : null;
    return mark === null ? [] : [{ column, mark: quote(mark) }];
  });
  if (found.length === 0) return { because: null, notes: [] };
  return {
    because: found.map(({ column, mark }) => `"${column}" says ${mark}`).join('; '),
    notes: found.map(({ column, mark }): Note => ({
      column,
      reason: 'do_not_mail_mark',
      message: `Column "${column}" says ${mark}: the person counts as one who is not to be mailed.`,
    })),
  };
}

/** A mark in a name or a line of an address; null where there is none. */
function markIn(role: Role, cell: string): string | null {
  if (cell.length < 3 && cell !== '†' && cell !== '✝') return null;
  const found = [optOut, abbreviated, death, deathSign].flatMap((one) => one.exec(cell) ?? [])[0];
  if (found !== undefined) return found;
  return names.has(role) ? (estate.exec(cell)?.[0].trim() ?? null) : null;
}

function markBeside(column: string, cell: string): string | null {
  if (cell.length < 3) return null;
  const tags = cell.split(/[,;|\n]/).map((one) =>
    one
      .replace(/[_-]/g, ' ')
      .replace(/^[\s*([!.]+|[\s*)\]!.]+$/g, '')
      .replace(/ +/g, ' '),
  );
  const found = tags.find((one) => tag.test(one));
  if (found !== undefined) return found;
  return wordsOf(column).some((word) => ofNotes.has(word))
    ? (inNote.exec(cell)?.[0] ?? null)
    : null;
}

/** Of the whole words alone. */
function inWords(words: string): RegExp {
  return new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'iu');
}
