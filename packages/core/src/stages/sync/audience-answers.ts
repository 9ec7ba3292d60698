/** What sources tell: nothing of one row stops the others. */
import { z } from 'zod';
import { storable } from '../../common/text.ts';
import {
  AudienceSourceError,
  readEmails,
  type AudiencePage,
  type Member,
  type Note,
  type Reject,
} from '../../ports/index.ts';
import { storableText } from '../../runtime/answers.ts';
import {
  addressSchema,
  asReason,
  textWithoutFaults,
  isRejectReason,
  requiredText,
  optional,
  rejectReasons,
  type RejectReason,
} from '../../runtime/printable.ts';

// By hand, since a column may be named __proto__.
const mergeSchema = z
  .custom<Readonly<Record<string, string>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    asReason('not_text'),
  )
  .superRefine((merge, context) => {
    for (const [name, value] of Object.entries(merge)) {
      const reason = name.includes('\0') || !name.isWellFormed() ? 'bad_encoding' : faultOf(value);
      if (reason !== null) context.addIssue({ code: 'custom', path: [name], message: reason });
    }
  })
  .transform((merge): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(merge)),
  );

function faultOf(value: unknown): RejectReason | null {
  if (typeof value !== 'string') return 'not_text';
  if (value.includes('\0')) return 'nul_byte';
  return value.isWellFormed() ? null : 'bad_encoding';
}

const noteSchema = z
  .object({
    column: storableText.nullable().catch(null),
    reason: storableText.catch('changed'),
    message: storableText.catch('The source does not say what.'),
  })
  .catch({ column: null, reason: 'changed', message: 'The source does not say what.' });

/** What is neither yes nor no keeps the person out: to mail somebody who forbade it is worse. */
const doNotMail = z
  .union([z.boolean(), z.literal('unclear')])
  .nullish()
  .catch('unclear');

function forbidsMail(said: z.infer<typeof doNotMail>): boolean {
  return said === true || said === 'unclear';
}

const unclearNote: Note = {
  column: 'doNotMail',
  reason: 'do_not_mail_unclear',
  message: 'Field "doNotMail" is neither true nor false, and counts as true.',
};

const memberSchema = z
  .object(
    {
      row: z.int().nullable().catch(null),
      externalId: requiredText('missing_external_id'),
      email: textWithoutFaults('not_text').nullish(),
      otherEmails: z.array(textWithoutFaults('not_text')).nullish(),
      firstName: optional,
      lastName: optional,
      address: addressSchema.nullish().transform((address) => address ?? null),
      merge: mergeSchema.nullish().transform((merge) => merge ?? {}),
      doNotMail,
      doNotMailBecause: storableText.nullish().catch(null),
      notes: z.array(noteSchema).catch([]),
    },
    asReason('not_a_member'),
  )
  .transform(({ doNotMail, doNotMailBecause, ...member }, context): Member => {
    const forbids = forbidsMail(doNotMail);
    const told = [member.email, ...(member.otherEmails ?? [])].map((text) => text ?? '');
    const { addresses, unread } = readEmails(told.filter((text) => text !== '').join('; '));
    const [email = null, ...otherEmails] = addresses;
    if (email === null && member.address === null && !forbids) {
      context.addIssue(
        unread === null
          ? { code: 'custom', message: asReason('no_email_no_address') }
          : { code: 'custom', path: ['email'], message: asReason('bad_email') },
      );
    }
    const notes = unread === null ? member.notes : [...member.notes, noteOfEmail(email)];
    if (!forbids) return { ...member, email, otherEmails, notes };
    return {
      ...member,
      email,
      otherEmails,
      doNotMail: true,
      ...(typeof doNotMailBecause === 'string' && { doNotMailBecause }),
      notes: doNotMail === 'unclear' ? [...notes, unclearNote] : notes,
    };
  });

/** A card can be posted without an e-mail. */
function noteOfEmail(email: string | null): Note {
  return email === null
    ? {
        column: 'email',
        reason: 'email_not_used',
        message: 'Field "email" is not an e-mail address, and was left out.',
      }
    : {
        column: 'email',
        reason: 'email_partly_read',
        message: 'Field "email" has more in it than addresses: the rest was left out.',
      };
}

const unmailableSchema = z.object({
  row: z.int().nullable().catch(null),
  externalId: requiredText('missing_external_id'),
  doNotMail,
  email: textWithoutFaults('not_text').nullish().catch(null),
  otherEmails: z.array(textWithoutFaults('not_text')).nullish().catch(null),
  doNotMailBecause: storableText.nullish().catch(null),
  notes: z.array(noteSchema).catch([]),
});

/**
 * A person whom the source does not want to be mailed, although something else of the row cannot be
 * used: what it says of that stands. Null where it says nothing of it, or nobody knows who it is.
 */
function unmailableOf(told: unknown, fault: Note): Member | null {
  const { data } = unmailableSchema.safeParse(told);
  if (data === undefined || !forbidsMail(data.doNotMail)) return null;
  const rest = { firstName: null, lastName: null, address: null, merge: {} };
  const { data: member } = memberSchema.safeParse({ ...data, ...rest });
  return member === undefined ? null : { ...member, notes: [...(member.notes ?? []), fault] };
}

const tellableId = requiredText('missing_external_id').nullable().catch(null);
const rowOf = z
  .object({ row: z.int().nullable().catch(null), externalId: tellableId })
  .catch({ row: null, externalId: null });
const rejectSchema = z
  .object({
    row: z.int().nullable().catch(null),
    column: storableText.nullable().catch(null),
    externalId: tellableId,
    reason: storableText.catch('unreadable'),
    message: storableText.catch('The source gives no reason.'),
  })
  .catch({
    row: null,
    column: null,
    externalId: null,
    reason: 'unreadable',
    message: 'The source gives no reason.',
  });

interface Fault {
  readonly reason: RejectReason;
  readonly field: string | null;
  readonly message: string;
}

function firstFault(error: z.ZodError): Fault {
  const [issue] = error.issues;
  const reason =
    issue !== undefined && isRejectReason(issue.message) ? issue.message : 'not_a_member';
  const field =
    issue === undefined || issue.path.length === 0
      ? null
      : storable(issue.path.map(String).join('.'));
  return {
    reason,
    field,
    message: `${field === null ? 'The row' : `Field "${field}"`} ${rejectReasons[reason]}.`,
  };
}

const pageSchema = z.object({
  members: z.array(z.unknown()),
  rejects: z.array(rejectSchema),
  waitedMs: z.number().nonnegative().catch(0),
  // Whatever else it says, it says that somebody is missing.
  incomplete: z
    .string()
    .min(1)
    .transform(storable)
    .nullish()
    .catch('the source says that it does not tell the whole segment'),
});

/**
 * Members that cannot be used become rejects. Throws `AudienceSourceError` where the page itself is
 * none.
 */
export function pageAnswer(told: unknown): AudiencePage {
  const page = pageSchema.safeParse(told);
  if (!page.success) {
    throw new AudienceSourceError(
      'the source told a page without lists of members and rejects; pages before it stand, ' +
        'nobody was taken as having left',
    );
  }
  const members: Member[] = [];
  const rejects: Reject[] = [...page.data.rejects];
  for (const told of page.data.members) {
    const member = memberSchema.safeParse(told);
    if (member.success) {
      members.push(member.data);
      continue;
    }
    const { reason, field, message } = firstFault(member.error);
    const unmailable = unmailableOf(told, { column: field, reason, message });
    if (unmailable === null) rejects.push({ ...rowOf.parse(told), column: field, reason, message });
    else members.push(unmailable);
  }
  return {
    members,
    rejects,
    waitedMs: page.data.waitedMs,
    incomplete: page.data.incomplete ?? null,
  };
}
