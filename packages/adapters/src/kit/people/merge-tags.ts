/**
 * Merge tags that no program filled in. Each mailing program has signs of its own, so that it is
 * not the signs that are known but what stands between them: the name of a field.
 */
import { headingOf, isKnownGroup, fold } from './headings.ts';

const begins = /^[«‹<{[(%$#@|*_~!:&^=\s]+/u;
const ends = /[»›>}\])%$#@|*_~!;^=\s]+$/u;
/** Such signs stand at the beginning of a tag alone: `:first_name`, `{{name`. */
const opens = /^(?:[«‹<{[%$@:&~]|#\S|__)/u;

/** Signs that a text has by a template only, anywhere in it. */
const template = new RegExp(
  String.raw`\{\{|\}\}|\*\||\|\*|<%|%>|\$\{|\{%|%%[^%]+%%|\[\[[^[\]]+\]\]|#\{[^{}]*\}|\{!|\{\d\}`,
  'u',
);
const whole = new RegExp(
  String.raw`^(?:\{\$?[A-Za-z][\w. |:-]*\}|\[[A-Z][A-Z0-9_]+\]|%[A-Za-z]\w+%|` +
    String.raw`\$[A-Za-z]\w*[_A-Z]\w*|%(?:\(\w+\)|\d+\$)?[sd]|\{\d*\}|\$\d)$`,
);
/** Fields of letters that are no columns of an address. */
const fields = new Set(
  (
    'greetingline greeting addressblock salutation recipient title company companyname ' +
    'organization phone yourname yourfirstname yourcompany yourcity youraddress address zip'
  ).split(' '),
);

/** Whether a text is, or has in it, a tag that was not filled in. */
export function mergeTag(value: string): 'is' | 'has' | null {
  if (whole.test(value) || isField(value)) return 'is';
  return template.test(value) ? 'has' : null;
}

function isField(value: string): boolean {
  const inner = value.replace(begins, '').replace(ends, '');
  const isSigned = begins.test(value) && (ends.test(value) || opens.test(value));
  if (!isSigned || inner === '' || inner.length > 60) return false;
  if (fields.has(fold(inner))) return true;
  const heading = headingOf(inner);
  // Of a street and a unit the last word is a heading, too.
  return heading !== null && isKnownGroup(heading.group);
}
