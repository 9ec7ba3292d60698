/**
 * E-mail addresses: which ones stand in a cell, and when two are one. The machine reads by the same
 * rules (sql/functions/00_common/emails.sql), and its keys are what counts.
 */

export interface EmailsRead {
  /** In their order, each once. */
  readonly addresses: readonly string[];
  /** What in the cell is no address; null where nothing is left over. */
  readonly unread: string | null;
}

const plain = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z0-9]+$/;
const label = '[^@\\x00-\\x2c./\\x3a-\\x40\\x5b-\\x5e`\\x7b-\\x7f\\ufffd]+';
const address = new RegExp(`^[^@\\ufffd]+@${label}(?:\\.${label})+$`, 'u');
const longest = 254;
const unseen =
  /\u034f|[\ufe00-\ufe0f]|[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
const blanks = /[\x00-\x20\x7f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
/** Those of other scripts, and signs, too: an Arabic comma would be a letter of the domain. */
const separators =
  /[\] ,;:<>()[{}"|/\\?¦\u055d\u060c\u061b\u061f\u06d4\u1363\u1364\u2013-\u2bff\u3001\u00a1\u00bf\u{1f000}-\u{1faff}]+/u;
const known = /^(?:e-?mails?|mail|mailto|smtp|and|or)$/;

/**
 * Reads an e-mail cell as people write it: `ann@example.com; ann.work@example.com`, `Ann
 * <ann@example.com>`, `mailto:`, quotes, comments in brackets, points and commas at the end,
 * letters that nobody sees. What is left over is told and never guessed at: of "mary
 * jane@example.com" the address is jane@example.com, with a rest.
 */
export function readEmails(cell: string): EmailsRead {
  if (cell.length <= longest && plain.test(cell)) return { addresses: [cell], unread: null };
  const text = cell
    .replace(/[“”„‟«»]/gu, '"')
    .replace(/[‘’‚‛‹›`´ʼ]/gu, "'")
    .replace(/[。｡]/gu, '.')
    .replace(unseen, '')
    .normalize('NFKC')
    .replace(blanks, ' ')
    .replace(/^ | $/gu, '');
  if (text === '') return { addresses: [], unread: null };
  const open = text
    .replaceAll('&amp;', '&')
    // As programs write in HTML, JSON and SQL what divides two addresses, or stands around one.
    .replace(/&(?:lt|#0*60|#x0*3c);|\\u003c|%3c/gi, '<')
    .replace(/&(?:gt|#0*62|#x0*3e);|\\u003e|%3e/gi, '>')
    .replace(
      /&(?:comma|semi|#0*(?:10|13|44|59)|#x0*(?:a|d|2c|3b));|\\[nr]|\\u00(?:0[ad]|2c|3b)/gi,
      ';',
    )
    .replace(/&(?:quot|apos|nbsp|#0*(?:9|32|34|39|160)|#x0*(?:9|20|22|27|a0));/gi, ' ')
    .replace(/\\t|\\u00(?:09|2[027]|a0)/gi, ' ')
    .replace(/\\u0040/gi, '@')
    .replace(/(^|[ ,;:<(])(?:e-?mails?|mail|mailto)=(?=[^ =@]+@)/giu, '$1')
    .replace(/&(?:#0*64|#x40|commat);|%40/gi, '@')
    .replace(/\([^()@]*\)/gu, ' ')
    // As Python shows bytes.
    .replace(/(^|[ ,;:<([])b(?=['"][^ '"@]+@)/gu, '$1')
    // A local part in quotes is the address; a name in quotes is none.
    .replace(/"([^ "@,;:<>()[\]{}|/\\?]+)"(?= ?@)/gu, '$1')
    .replace(/(^|[ ,;:<(])'([^ '"@,;:<>()]+)'(?= ?@)/gu, '$1$2')
    .replace(/"[^"@]*"/gu, ' ')
    // The others whom `mailto:` names.
    .replace(/[?&](?:to|cc|bcc)=(?=[^ ?&=@]+@)/giu, ' ')
    .replace(/&(?:subject|body)=[^ @&,;<>()]*/giu, ' ')
    .replace(/(@[^ ?,;<>()@]+)\?[^ @,;<>()]*(?=[ ,;<>()]|$)/gu, '$1')
    .replace(/%(?:20|0[9ad]|2[27c]|3b)/gi, ' ')
    .replace(/%2b/gi, '+')
    .replace(/ *@ */gu, '@')
    .replace(/ +\.(?=[^ .,;@])/gu, '.')
    // Names in front of `<…>`, also "Ash, Ann" without quotes.
    .replace(/(^|[;>])[^@;<>]*(?=<[^<>]*@)/gu, '$1 ')
    .replace(/([,;>])[^@,;<>]*(?=<[^<>]*@)/gu, '$1 ');
  const found = new Map<string, string>();
  const unread: string[] = [];
  for (const part of open.split(separators)) {
    const begun = part.replace(/^[-'.*!=~&#%^$]+/u, '');
    // Underscores on both sides are a text's, and not the address's.
    const inner = /^_.*@.*_[-'.*!=~&#%^$_+]*$/u.test(begun)
      ? begun.replace(/^_[-'.*!=~&#%^$_]*/u, '')
      : begun;
    const word = inner.replace(/[-'.*!=~&#%^$_+]+$/u, '');
    if ([...word].length <= longest && address.test(word)) {
      const key = emailKey(word);
      if (!found.has(key)) found.set(key, word);
    } else if (word.includes('@') || (word !== '' && !known.test(word.toLowerCase())))
      unread.push(word);
  }
  const addresses = [...found.values()];
  if (unread.length > 0) return { addresses, unread: unread.join(' ') };
  return { addresses, unread: addresses.length === 0 ? text : null };
}

/** Two addresses with the same key are one: case, and how a domain is spelt, make no difference. */
export function emailKey(email: string): string {
  const lower = email.toLowerCase();
  const at = lower.indexOf('@');
  const domain = lower
    .slice(at + 1)
    .split('.')
    .map((part) => (part.startsWith('xn--') ? (decodePunycode(part.slice(4)) ?? part) : part));
  return `${lower.slice(0, at + 1)}${domain.join('.')}`
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');
}

/** A label of a domain, without its "xn--" (RFC 3492); null where it is none. */
function decodePunycode(text: string): string | null {
  const digits = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const basic = text.lastIndexOf('-');
  const letters = basic > 0 ? text.slice(0, basic).split('') : [];
  let [code, bias, at] = [128, 72, 0];
  for (let n = basic + 1; n < text.length;) {
    const before = at;
    for (let [weight, step] = [1, 36]; ; step += 36) {
      const digit = n < text.length ? digits.indexOf(text[n] ?? '') : -1;
      if (digit < 0) return null;
      n += 1;
      at += digit * weight;
      const threshold = Math.min(Math.max(step - bias, 1), 26);
      if (digit < threshold) break;
      weight *= 36 - threshold;
      if (weight > 0x10ffff * 128) return null;
    }
    const length = letters.length + 1;
    bias = Math.trunc((at - before) / (before === 0 ? 700 : 2));
    bias += Math.trunc(bias / length);
    let step = 0;
    for (; bias > 455; step += 36) bias = Math.trunc(bias / 35);
    bias = step + Math.trunc((36 * bias) / (bias + 38));
    code += Math.trunc(at / length);
    at %= length;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
    letters.splice(at, 0, String.fromCodePoint(code));
    at += 1;
  }
  return letters.join('');
}
