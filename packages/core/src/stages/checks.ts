/**
 * What sources, enrichers and printers that are polled tell is checked here, once for all of them, before the database sees it: nothing of one row stops the others.
 *
 * A NUL or half a surrogate pair, which no database takes, is a reason to turn a row away and not stripped: an id or an address with a letter less is
 * another one, and nobody would notice. Only in sentences for people (a reject, the reason of a loss) such letters are replaced.
 */
import { z } from 'zod';
import { storable } from '../machine/sync.ts';
import { UnusableAnswerError } from '../pipeline/asking.ts';
import { AudienceSourceError, type Address, type AudiencePage, type Member, type PrinterEvent, type Reject } from '../ports/index.ts';

/** The reasons of a reject, and what is said of the field. */
const reasons = {
  not_a_member: 'is not a member of a segment',
  not_text: 'is not text',
  nul_byte: 'has a NUL byte, which no database or printer takes',
  bad_encoding: 'is not valid Unicode',
  too_long: 'is too long',
  control_character: 'has a line break or another character that cannot be printed',
  missing_external_id: 'is blank or no text: without an id the person cannot be told from others',
  incomplete_address: 'is blank or no text, but there is an address',
  bad_postal_code: 'is not a postal code of the country',
  bad_country: 'is not a country (two letters, ISO 3166)',
  bad_email: 'is not an e-mail address, and there is no postal address',
  no_email_no_address: 'has neither an e-mail nor an address: nothing could be sent or looked up',
} as const;
type Reason = keyof typeof reasons;
const isReason = (code: string): code is Reason => Object.hasOwn(reasons, code);

const MAX_LENGTH = 200;
const MAX_EMAIL_LENGTH = 254;
const MAX_POSTAL_CODE_LENGTH = 12;
// A control character, a line separator or a bidirectional override changes what is printed without being seen.
const unprintable = /[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/;
const emailPattern = /^[^\s@,;:<>"()[\]\\]+@[^\s@,;:<>"()[\]\\.]+(?:\.[^\s@,;:<>"()[\]\\.]+)+$/;

// The messages of these schemas are the reasons.
const because = (reason: Reason): Reason => reason;
const intact = (notText: Reason) =>
  z
    .string(because(notText))
    .refine((text) => !text.includes('\0'), because('nul_byte'))
    .refine((text) => text.isWellFormed(), because('bad_encoding'))
    .trim();
const printable = (notText: Reason, length = MAX_LENGTH) =>
  intact(notText)
    .max(length, because('too_long'))
    .refine((text) => !unprintable.test(text), because('control_character'));
const needed = (missing: Reason, length?: number) => printable(missing, length).min(1, missing);
const optional = printable('not_text')
  .nullish()
  .transform((text) => (text === undefined || text === '' ? null : text));

const addressSchema = z
  .object(
    {
      line1: needed('incomplete_address'),
      line2: optional,
      city: needed('incomplete_address'),
      region: optional,
      postalCode: needed('bad_postal_code', MAX_POSTAL_CODE_LENGTH),
      country: z
        .string(because('bad_country'))
        .trim()
        .regex(/^[A-Za-z]{2}$/, because('bad_country'))
        .toUpperCase(),
    },
    because('incomplete_address'),
  )
  .refine(({ country, postalCode }) => country !== 'US' || /^[0-9]{5}(?:-[0-9]{4})?$/.test(postalCode), {
    path: ['postalCode'],
    error: because('bad_postal_code'),
  });

// By hand, since a column may be named __proto__.
const mergeSchema = z
  .custom<Readonly<Record<string, string>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    because('not_text'),
  )
  .superRefine((merge, context) => {
    for (const [name, value] of Object.entries(merge)) {
      const reason = name.includes('\0') || !name.isWellFormed() ? 'bad_encoding' : faultOf(value);
      if (reason !== null) context.addIssue({ code: 'custom', path: [name], message: reason });
    }
  })
  .transform((merge): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(merge)));

const faultOf = (value: unknown): Reason | null => {
  if (typeof value !== 'string') return 'not_text';
  if (value.includes('\0')) return 'nul_byte';
  return value.isWellFormed() ? null : 'bad_encoding';
};

const memberSchema = z
  .object(
    {
      row: z.int().nullable().catch(null),
      externalId: needed('missing_external_id'),
      email: intact('not_text').nullish(),
      firstName: optional,
      lastName: optional,
      address: addressSchema.nullish().transform((address) => address ?? null),
      merge: mergeSchema.nullish().transform((merge) => merge ?? {}),
    },
    because('not_a_member'),
  )
  .transform((member, context): Member => {
    const email = member.email ?? '';
    const good = email.length <= MAX_EMAIL_LENGTH && emailPattern.test(email) && !unprintable.test(email);
    if (!good && member.address === null) {
      context.addIssue(
        email === ''
          ? { code: 'custom', message: because('no_email_no_address') }
          : { code: 'custom', path: ['email'], message: because('bad_email') },
      );
    }
    // A card can be posted without an e-mail.
    return { ...member, email: good ? email : null };
  });

const sentence = z.string().transform(storable);
const told = sentence.nullable().catch(null);
const tellableId = needed('missing_external_id').nullable().catch(null);
const rowOf = z.object({ row: z.int().nullable().catch(null), externalId: tellableId }).catch({ row: null, externalId: null });
const rejectSchema = z
  .object({
    row: z.int().nullable().catch(null),
    column: told,
    externalId: tellableId,
    reason: sentence.catch('unreadable'),
    message: sentence.catch('The source gives no reason.'),
  })
  .catch({ row: null, column: null, externalId: null, reason: 'unreadable', message: 'The source gives no reason.' });

interface Fault {
  readonly reason: Reason;
  readonly field: string | null;
  readonly message: string;
}

const firstFault = (error: z.ZodError): Fault => {
  const [issue] = error.issues;
  const reason = issue !== undefined && isReason(issue.message) ? issue.message : 'not_a_member';
  const field = issue === undefined || issue.path.length === 0 ? null : storable(issue.path.map(String).join('.'));
  return { reason, field, message: `${field === null ? 'The row' : `Field "${field}"`} ${reasons[reason]}.` };
};

const pageSchema = z.object({
  members: z.array(z.unknown()),
  rejects: z.array(rejectSchema),
  waitedMs: z.number().nonnegative().catch(0),
});

/** Members that cannot be used become rejects. Throws `AudienceSourceError` where the page itself is none. */
export const checkedPage = (told: unknown): AudiencePage => {
  const page = pageSchema.safeParse(told);
  if (!page.success) {
    throw new AudienceSourceError(
      'the source told a page without lists of members and rejects; pages before it stand, nobody was taken as having left',
    );
  }
  const members: Member[] = [];
  const rejects: Reject[] = [...page.data.rejects];
  for (const told of page.data.members) {
    const member = memberSchema.safeParse(told);
    if (member.success) {
      members.push(member.data);
    } else {
      const { reason, field, message } = firstFault(member.error);
      rejects.push({ ...rowOf.parse(told), column: field, reason, message });
    }
  }
  return { members, rejects, waitedMs: page.data.waitedMs };
};

const idSchema = z.string().refine((text) => text.trim() !== '' && faultOf(text) === null);
const submissionSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('accepted'), providerBatchId: idSchema }),
  z.object({ outcome: z.literal('retry'), afterMs: z.number().nonnegative().catch(60_000), message: sentence.catch('it gave no reason') }),
  z.object({ outcome: z.literal('rejected'), message: sentence.catch('it gave no reason') }),
]);
const answerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('pending') }),
  z.object({ outcome: z.literal('lost'), message: sentence.catch('it gave no reason') }),
  z.object({ outcome: z.literal('done'), results: z.array(z.unknown()) }),
]);
const resultSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('match'), recipientId: z.guid(), address: addressSchema }),
  z.object({ outcome: z.literal('no_match'), recipientId: z.guid() }),
]);

/** Throws where the enricher may have the batch and names no id that could be kept: it is asked for it later. */
export const checkedSubmission = (told: unknown): z.infer<typeof submissionSchema> => {
  const submission = submissionSchema.safeParse(told);
  if (!submission.success) throw new Error('what the enricher said of the batch cannot be used; it is asked later whether it has it');
  return submission.data;
};

/** The enricher's id of a batch, or null where it does not have it. */
export const checkedBatchId = (told: unknown): string | null => {
  const id = idSchema.nullable().safeParse(told);
  if (!id.success) throw new Error('the enricher names an id of the batch that cannot be kept');
  return id.data;
};

export type CheckedAnswer =
  | { readonly outcome: 'pending' }
  | { readonly outcome: 'lost'; readonly message: string }
  | {
      readonly outcome: 'done';
      readonly results: readonly { readonly recipientId: string; readonly address: Address | null }[];
      /** Results that cannot be used, by what is wrong with them. */
      readonly unusable: Readonly<Record<string, number>>;
    };

/** Of two results for one person the first counts. Throws where nothing of the answer can be used. */
export const checkedAnswer = (told: unknown): CheckedAnswer => {
  const answer = answerSchema.safeParse(told);
  if (!answer.success) throw new Error('what the enricher answered is no answer');
  if (answer.data.outcome !== 'done') return answer.data;
  const results = new Map<string, { recipientId: string; address: Address | null }>();
  const unusable: Record<string, number> = {};
  for (const told of answer.data.results) {
    const result = resultSchema.safeParse(told);
    if (result.success) {
      const recipientId = result.data.recipientId.toLowerCase();
      const address = result.data.outcome === 'match' ? result.data.address : null;
      if (!results.has(recipientId)) results.set(recipientId, { recipientId, address });
    } else {
      const fault = result.error.issues[0]?.path.join('.') ?? '';
      unusable[fault] = (unusable[fault] ?? 0) + 1;
    }
  }
  if (results.size === 0 && answer.data.results.length > 0) {
    throw new Error(`none of the enricher's ${answer.data.results.length} results can be used: ${JSON.stringify(unusable)}`);
  }
  return { outcome: 'done', results: [...results.values()], unusable };
};

// An index takes no more of it.
const printerIdSchema = idSchema.max(500);
const eventSchema = z.object({
  // Without one an event cannot be told from its repeat.
  eventId: printerIdSchema,
  providerId: printerIdSchema.nullable().catch(null),
  mailpieceId: z.guid().nullable().catch(null),
  organizationId: z.string().nullable().catch(null),
  status: sentence.nullable().catch(null),
  providerStatus: sentence.catch('the printer named no status'),
  occurredAt: z
    .string()
    .regex(/^[1-9]\d{3}-\d\d-\d\d(?:T|$)/)
    .refine((text) => !Number.isNaN(Date.parse(text)), { abort: true })
    .transform((text) => new Date(text).toISOString())
    .nullable()
    .catch(null),
  confidence: z.enum(['scan', 'assumed', 'logical', 'estimated']).catch('estimated'),
});
const pollSchema = z.object({ events: z.array(z.unknown()), cursor: z.unknown() });

export interface CheckedPoll {
  readonly events: readonly PrinterEvent[];
  /** Null also where there is one that cannot be kept: what comes after it is asked for again. */
  readonly cursor: string | null;
  /** What cannot be used, by what is wrong with it. */
  readonly unusable: Readonly<Record<string, number>>;
}

/** An event whose time cannot be read counts as of now: what happened is worth more than when. Throws `UnusableAnswerError` where there is no page. */
export const checkedPoll = (told: unknown, now: Date): CheckedPoll => {
  const page = pollSchema.safeParse(told);
  if (!page.success) throw new UnusableAnswerError('what the printer answered to its poll is no page of events');
  const events: PrinterEvent[] = [];
  const unusable: Record<string, number> = {};
  const blame = (fault: string): void => void (unusable[fault] = (unusable[fault] ?? 0) + 1);
  for (const told of page.data.events) {
    const event = eventSchema.safeParse(told);
    if (!event.success) {
      blame(event.error.issues[0]?.path.join('.') ?? '');
      continue;
    }
    const { occurredAt, status, ...rest } = event.data;
    if (occurredAt === null) blame('occurredAt');
    // A status that does not exist is kept and reported by the machine.
    events.push({ ...rest, status: status as PrinterEvent['status'], occurredAt: occurredAt ?? now.toISOString() });
  }
  const cursor = idSchema.nullable().safeParse(page.data.cursor);
  if (!cursor.success) blame('cursor');
  return { events, cursor: cursor.data ?? null, unusable };
};
