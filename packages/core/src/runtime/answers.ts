/**
 * What adapters answer, made fit to be recorded; each stage reads the answers that it asked for.
 * Types end at a port: an answer may lack anything, and hold what no column takes (a NUL, half an
 * emoji, a fraction of a millisecond). One such answer must not cost the others of its cohort what
 * was said of them, so each is read by itself, and becomes the most careful of the outcomes it
 * could mean: unknown at a printer, retry everywhere else. An answer that does not say who is who
 * counts for nobody.
 */
import { z } from 'zod';
import { storable } from '../common/text.ts';
import { UnusableAnswerError } from './asking.ts';

const LONGEST_TEXT = 1000;
const LONGEST_NAME = 2000;
/**
 * Of what only its adapter reads, a cursor or the id of a batch: a signed one may hold a whole
 * query.
 */
export const LONGEST_TOKEN = 100_000;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** For people: letters that no column takes may be replaced. */
export const storableText = z.string().transform(storable);

/** Why, in a sentence for people. */
export const sentence = z
  .string()
  .min(1)
  .transform((said) => storable(said.slice(0, LONGEST_TEXT)))
  .catch('no reason was given');
export function text(said: unknown): string {
  return sentence.parse(said);
}

/** An id, a URL, a hash: as it is or not at all, since a mended one names something else. */
export function identifierOf(what: string, longest = LONGEST_NAME) {
  return z
    .string(`no ${what}`)
    .max(longest, `no ${what}`)
    .refine(
      (name) => name.trim() !== '' && name.isWellFormed() && !name.includes('\0'),
      `no ${what}`,
    );
}

// An index takes no more of it.
export const printerId = identifierOf('id', 500);

/**
 * Null: no time that means anything, so that the machine backs off by itself. "At once" is none
 * either: it would be asked in a tight loop.
 */
const wait = z
  .number()
  .positive()
  .transform((ms) => Math.round(Math.min(Math.max(ms, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)))
  .nullable()
  .catch(null);

export const retry = z.object({ outcome: z.literal('retry'), message: sentence, afterMs: wait });
export function retryLater(message: string): z.infer<typeof retry> {
  return { outcome: 'retry', message, afterMs: null };
}

export function isObject(told: unknown): told is Readonly<Record<string, unknown>> {
  return typeof told === 'object' && told !== null;
}

/** One answer for each thing asked: a list of another length does not say which is whose. */
export function answersOf(who: string, asked: number, answers: unknown): readonly unknown[] {
  if (!Array.isArray(answers)) throw new UnusableAnswerError(`${who} answered no list of results`);
  if (answers.length !== asked)
    throw new UnusableAnswerError(
      `${who} gave ${answers.length} results where ${asked} were asked for`,
    );
  return Array.from(answers, (answer: unknown) => answer);
}

/** What is wrong with an answer, for people. */
function faultOf(who: string, told: unknown, [issue]: readonly z.core.$ZodIssue[]): string {
  const outcome = isObject(told) ? told['outcome'] : undefined;
  if (outcome === undefined) return `${who} gave no outcome`;
  const named = typeof outcome === 'string' ? text(outcome) : typeof outcome;
  return issue === undefined || issue.path[0] === 'outcome'
    ? `${who} gave an outcome that does not exist: ${named}`
    : `${who} says ${named}, but gave ${issue.message} that can be kept`;
}

/** How answers of an adapter are read. */
export interface AnswerReading<Answer> {
  /** The adapter, for people. */
  readonly who: string;
  readonly schema: z.ZodType<Answer>;
  /** Where one cannot be read, what the most careful outcome is then. */
  readonly otherwise: (message: string) => Answer;
}

/** One answer. */
export function readAnswer<Answer>(
  told: unknown,
  { who, schema, otherwise }: AnswerReading<Answer>,
): Answer {
  const read = schema.safeParse(told);
  return read.success ? read.data : otherwise(faultOf(who, told, read.error.issues));
}

/** One answer for each thing asked, each read by itself. Throws `UnusableAnswerError`. */
export function readAnswers<Answer>(
  asked: number,
  answers: unknown,
  reading: AnswerReading<Answer>,
): readonly Answer[] {
  return answersOf(reading.who, asked, answers).map((told) => readAnswer(told, reading));
}
