/**
 * People and their opt-outs, each pair of forms once: how the person is written, and the opt-out.
 */
import type { SuppressionEntry } from '@postrider/core';

/** How people write an address; `other` is one more of the person's. */
export const emailForms: Readonly<Record<string, (email: string, other: string) => string>> = {
  plain: (email) => email,
  capitals: (email) => email.toUpperCase(),
  accentsApart: (email) => email.normalize('NFD'),
  punycode: (email) => email.replace('exämple', 'xn--exmple-cua'),
  withAnother: (email, other) => `${email}; ${other}`,
  behindAnother: (email, other) => `${other},${email}`,
  onTwoLines: (email, other) => `${other}\r\n${email}`,
  named: (email) => `Ann Ash <${email}>`,
  namedByComma: (email, other) => `"Ash, Ann" <${other}>, Ben Bay <${email}>`,
  mailto: (email) => `mailto:${email.replace('@', '%40')}?subject=Hello`,
  pointBehind: (email) => `${email}.`,
  commaBehind: (email) => `${email},`,
  comment: (email) => `${email} (home)`,
  quotes: (email) => `'${email}'`,
  typographicQuotes: (email) => `“${email}”`,
  blankBeforeAt: (email) => email.replace('@', ' @'),
  unseen: (email) => `\ufeff${email.replace('l', 'l\u200b')}\u00a0`,
  wide: (email) => email.replace('@', '＠'),
  mailtoCopy: (email, other) => `mailto:${other}?cc=${email.replace('@', '%40')}&subject=Hello`,
  mailtoBlindCopy: (email, other) => `mailto:${other}?subject=Hello&bcc=${email}`,
  quotedLocalPart: (email) => email.replace(/^[^@]+/, '"$&"'),
  jsonOfNames: (email, other) => `["Ben Bay <${other}>","Ann Ash <${email}>"]`,
  jsonEscapes: (email) => `Ann Ash \\u003c${email}\\u003e`,
  entities: (email, other) => `${other}&#59;Ann Ash &lt;${email}&gt;`,
  otherSeparators: (email, other) => `${other} | ${email} / ${other}`,
  escapedLineBreak: (email, other) => `${other}\\n${email}`,
};

const idForms: Readonly<Record<string, (id: string) => string>> = {
  plain: (id) => id,
  blanks: (id) => ` ${id}\u00a0`,
  unseen: (id) => id.replace('-', '\u200b-'),
  accentsApart: (id) => id.normalize('NFD'),
};

const addressForms: Readonly<Record<string, (number: number) => readonly [string, string]>> = {
  plain: (number) => [`${number} Elm Street`, '02138'],
  short: (number) => [`${number} ELM ST.`, '02138-1234'],
  unseen: (number) => [`\u200b${number}\u00a0Elm  Street`, '02138'],
};

export interface Case {
  readonly name: string;
  readonly id: string;
  readonly email: string;
  readonly line1: string;
  readonly postalCode: string;
  readonly optOut: SuppressionEntry;
}

/** Those of e-mails first, a row of the matrix after the other. */
export function cases(): Case[] {
  const pairs = (forms: object): (readonly [string, string])[] =>
    Object.keys(forms).flatMap((theirs) =>
      Object.keys(forms).map((entered) => [theirs, entered] as const),
    );
  let n = 0;
  const made = (kind: string, [theirs, entered]: readonly [string, string]) => {
    n += 1;
    const person = { id: `${kind}-${n}`, email: `p${n}@example.com`, line1: `${n} Oak Street` };
    return { n, name: `${kind}: ${theirs}, by ${entered}`, ...person, postalCode: '02138' };
  };
  return [
    ...pairs(emailForms).map(([theirs, entered]) => {
      const { n, ...rest } = made('email', [theirs, entered]);
      const email = `élise.${n}@exämple.com`;
      return {
        ...rest,
        email: emailForms[theirs]?.(email, `other-${n}@example.com`) ?? '',
        optOut: { email: emailForms[entered]?.(email, `more-${n}@example.com`) ?? '' },
      };
    }),
    ...pairs(idForms).map(([theirs, entered]) => {
      const { n, ...rest } = made('id', [theirs, entered]);
      const id = `josé-${n}`;
      const externalId = idForms[entered]?.(id) ?? '';
      return { ...rest, id: idForms[theirs]?.(id) ?? '', optOut: { externalId } };
    }),
    ...pairs(addressForms).map(([theirs, entered]) => {
      const { n, ...rest } = made('address', [theirs, entered]);
      const [line1 = '', postalCode = ''] = addressForms[theirs]?.(n) ?? [];
      const [optOutLine1 = '', optOutCode = ''] = addressForms[entered]?.(n) ?? [];
      return {
        ...rest,
        line1,
        postalCode,
        optOut: { line1: optOutLine1, postalCode: optOutCode },
      };
    }),
  ];
}
