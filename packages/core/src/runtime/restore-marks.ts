/** What is remembered of databases: read from where it is kept, and put together. */
import { z } from 'zod';
import { messageOf } from '../common/message-of.ts';
import type { Mark, Marks, Witness } from '../machine/restore.ts';

const mark = z.object({
  restores: z.int().nonnegative(),
  system: z.string().nullable(),
  timeline: z.int().nullable(),
  // As PostgreSQL takes them: an organization may be given an id of any version.
  witnesses: z.array(
    z.object({
      organizationId: z.guid(),
      recipientId: z.guid(),
      moveNo: z.int(),
      mailpieceId: z.guid(),
    }),
  ),
});
const stored = z.record(z.guid(), mark);

/** Throws with what is wrong with the text. */
export function parseMarks(text: string): Marks {
  try {
    return stored.parse(JSON.parse(text));
  } catch (error) {
    const what =
      error instanceof z.ZodError
        ? z.prettifyError(error).replaceAll(/\s+/g, ' ')
        : messageOf(error);
    throw new Error(`${JSON.stringify(text.slice(0, 60))}…: ${what}`, { cause: error });
  }
}

function keyOf({ recipientId, moveNo }: Witness): string {
  return `${recipientId} ${moveNo}`;
}
export function keysOf(known: Mark | undefined): ReadonlySet<string> {
  return new Set(known?.witnesses.map(keyOf));
}
export function without(
  keys: ReadonlySet<string>,
  witnesses: readonly Witness[] = [],
): readonly Witness[] {
  return witnesses.filter((witness) => !keys.has(keyOf(witness)));
}

/**
 * Of the begins of others. One that was not at work before was committed after those that were seen
 * then, and takes their place. Where there is none, those that have ended stay the latest that is
 * known: their runners may remember elsewhere.
 */
export function latestOthers(
  before: readonly Witness[],
  others: readonly Witness[] = [],
): readonly Witness[] {
  const news = without(new Set(before.map(keyOf)), others);
  return news.length > 0 ? others : before;
}

/** The later state of a database stands; of the same state what both know. */
function mergeMark(one: Mark | undefined, other: Mark): Mark {
  if (one === undefined || other.restores > one.restores) return other;
  if (one.restores > other.restores) return one;
  const witnesses = new Map(
    [...one.witnesses, ...other.witnesses].map((witness) => [keyOf(witness), witness]),
  );
  return { ...other, witnesses: [...witnesses.values()] };
}

export function mergeMarks(...all: readonly Marks[]): Marks {
  const marks: Record<string, Mark> = {};
  for (const [installation, mark] of all.flatMap(Object.entries<Mark>))
    marks[installation] = mergeMark(marks[installation], mark);
  return marks;
}
