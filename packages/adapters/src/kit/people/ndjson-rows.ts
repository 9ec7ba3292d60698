/**
 * People in a file of JSON objects, one a line. Each line may have other keys; nested objects are
 * read as `address.city`. The columns of a set of keys are worked out once and remembered, since a
 * file has few such sets.
 */
import { StringDecoder } from 'node:string_decoder';
import { AudienceSourceError } from '@postrider/core/ports';
import type { CallContext, Reject } from '@postrider/core/ports';
import { planColumns } from './columns.ts';
import type { ColumnPlan } from './column-plan.ts';
import { headingOf } from './headings.ts';
import { keepDigits, mayLoseDigits } from './long-numbers.ts';
import { segmentIndex } from './options.ts';
import type { RowOptions } from './options.ts';
import { quote } from './quote.ts';
import { readRow } from './row.ts';
import type { RowReading, RowResult } from './row.ts';
import { explain, openSource } from './source-file.ts';

const maxLine = 1_000_000;
const maxPlans = 1_000;

/** `line` of a row is the line of the file, counted from 1; there is no header. */
export async function* ndjsonRows(
  { path, segmentId, needsExternalId, onPlan }: RowReading,
  options: RowOptions,
  context: Pick<CallContext, 'signal'>,
): AsyncGenerator<RowResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const rules = { ...options, needsExternalId };
  const plans = new Map<string, ColumnPlan>();
  const file = await openSource(path, options.encoding);
  try {
    if (file.head.trimStart().startsWith('[')) {
      throw new AudienceSourceError(
        `${path}: is one JSON array; write one object a line instead (jq -c '.[]')`,
      );
    }
    let understood = false;
    for await (const { text, line } of lines(path, file.stream(signal), signal)) {
      const parsed = parseLine(text, line);
      if ('reject' in parsed) {
        if (!understood)
          throw new AudienceSourceError(
            `${path}: is not NDJSON, one JSON object a line (line ${line}: ${quote(text)})`,
          );
        yield parsed;
        continue;
      }
      understood = true;
      const { keys, cells } = parsed;
      const signature = keys.join('\0');
      let plan = plans.get(signature);
      if (plan === undefined) {
        plan = planColumns(keys, options, false);
        onPlan?.(plan);
        if (plans.size < maxPlans) plans.set(signature, plan);
      }
      if (options.segmentColumn !== undefined) {
        const filter = segmentIndex(plan, options.segmentColumn);
        if (filter === undefined || cells[filter]?.trim() !== segmentId) continue;
      }
      yield readRow(plan, { cells, line }, rules);
    }
    await file.assertUnchanged();
  } finally {
    await file.close();
  }
}

async function* lines(
  path: string,
  source: AsyncIterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<{ text: string; line: number }> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let line = 0;
  try {
    for await (const chunk of source) {
      rest += decoder.write(chunk as Buffer);
      let from = 0;
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
        line++;
        const text = rest.slice(from, end);
        from = end + 1;
        if (text.trim() !== '')
          yield { text: line === 1 ? text.replace(/^\uFEFF/, '') : text, line };
      }
      rest = rest.slice(from);
      if (rest.length > maxLine) {
        throw new AudienceSourceError(
          `${path}: line ${line + 1} is longer than ${maxLine} characters; is it NDJSON, one object a line?`,
        );
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof AudienceSourceError
      ? error
      : new AudienceSourceError(`${path}: ${explain(error)}`, { cause: error });
  }
  rest += decoder.end();
  if (rest.trim() !== '')
    yield { text: line === 0 ? rest.replace(/^\uFEFF/, '') : rest, line: line + 1 };
}

/** A street of several lines is often an array of them. */
function cellOf(name: string, item: unknown): string {
  if (item === null || item === undefined) return '';
  if (typeof item === 'string') return item;
  const isLines =
    Array.isArray(item) &&
    item.every((one) => typeof one === 'string') &&
    /^line\d$/.test(headingOf(name)?.part ?? '');
  return isLines ? item.filter((one) => one.trim() !== '').join('\n') : JSON.stringify(item);
}

/** An array of objects with a street; null where it is none. */
function addressesIn(item: unknown): readonly object[] | null {
  const isAddress = (one: unknown): one is object =>
    typeof one === 'object' &&
    one !== null &&
    Object.keys(one).some((key) => headingOf(key)?.part === 'line1');
  return Array.isArray(item) && item.length > 0 && item.every(isAddress) ? item : null;
}

function isDefault(address: object): boolean {
  return Object.entries(address).some(
    ([key, value]) => /^(?:is_?)?(?:default|primary)$/i.test(key) && value === true,
  );
}

function parseLine(
  text: string,
  line: number,
): { readonly keys: string[]; readonly cells: string[] } | { readonly reject: Reject } {
  let value: unknown;
  try {
    value = mayLoseDigits(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    return badJson(`The line is not JSON: ${quote(text.trim())}.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return badJson(`The line is not a JSON object: ${quote(text.trim())}.`);
  const keys: string[] = [];
  const cells: string[] = [];
  const several = flatten('', value, 0);
  if (several !== null) {
    const { name, count } = several;
    const message =
      `"${name}" has ${count} addresses and none is the default one: ` +
      'give each object one address, as address or default_address.';
    return {
      reject: { row: line, column: name, reason: 'several_addresses', message, externalId: null },
    };
  }
  // Keys become names of merge data, and no database stores such a name.
  const odd = keys.find((key) => key.includes('\0') || !key.isWellFormed());
  return odd === undefined
    ? { keys, cells }
    : badJson(`The line has a key with a character that cannot be stored: ${quote(odd)}.`);

  function badJson(message: string): { reject: Reject } {
    return { reject: { row: line, column: null, reason: 'bad_json', message, externalId: null } };
  }

  /** Of a list of addresses of which nobody knows the right one, its name and length. */
  function flatten(
    prefix: string,
    object: object,
    depth: number,
  ): { readonly name: string; readonly count: number } | null {
    for (const [key, item] of Object.entries(object) as [string, unknown][]) {
      const name = prefix === '' ? key : `${prefix}.${key}`;
      const addresses = addressesIn(item);
      if (addresses !== null) {
        // Shopify has the default one beside its list.
        if (Object.keys(object).some((other) => /^default_?address$/i.test(other))) continue;
        const one = addresses.length === 1 ? addresses[0] : addresses.find(isDefault);
        if (one === undefined) return { name, count: addresses.length };
        const several = flatten(name.replace(/es$/i, ''), one, depth + 1);
        if (several !== null) return several;
      } else if (typeof item === 'object' && item !== null && !Array.isArray(item) && depth < 4) {
        const several = flatten(name, item, depth + 1);
        if (several !== null) return several;
      } else {
        keys.push(name);
        cells.push(cellOf(name, item));
      }
    }
    return null;
  }
}
