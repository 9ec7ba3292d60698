/**
 * Answers and webhooks of any provider as nobody should send them: real ones that were damaged, and
 * pure noise.
 */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { isLong } from '../../../test/support/long.ts';

/** Inputs of each of so many tests: 300 in all, and 100,000 in the long form. */
export function inputsOf(tests: number): number {
  return Math.ceil((isLong ? 100_000 : 300) / tests);
}

/** In the long form: whether the heap grows between a quarter of the inputs and the last. */
export function flatMemory(inputs: number): { seen(): void; check(): void } {
  let early = 0;
  let count = 0;
  return {
    seen() {
      count += 1;
      if (isLong && count === Math.ceil(inputs / 4)) early = heapInUse();
    },
    check() {
      if (!isLong) return;
      const grown = (heapInUse() - early) / 1e6;
      assert.ok(grown < 20, `the heap has grown by ${grown} MB over ${inputs} inputs`);
    },
  };
}

function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Words that are the names of something in any object, and ones of printers in odd clothes. */
const words = [
  'constructor',
  'toString',
  '__proto__',
  'hasOwnProperty',
  'Delivered',
  'RE ROUTED',
  'postcard.',
  'postcard.constructor',
  '',
  '\0',
  '\uD800',
  'a'.repeat(5000),
] as const;

const oddValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(...words, null, [], {}, true, 0, -1, 1e300, '2026-02-30T99:00:00Z'),
);

/** A place in a tree, chosen by a number. */
interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    placesIn(holder[key], found);
  }
  return found;
}

interface Damage {
  readonly at: number;
  readonly how: 'drop' | 'replace' | 'empty' | 'double';
  readonly value: unknown;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom('drop', 'replace', 'empty', 'double'),
  value: oddValue,
});

function damaged(whole: unknown, damages: readonly Damage[]): unknown {
  const root = { root: structuredClone(whole) };
  for (const { at, how, value } of damages) {
    const places = placesIn(root);
    const place = places[at % Math.max(1, places.length)];
    if (place === undefined) continue;
    const { holder, key } = place;
    if (how === 'drop') Reflect.deleteProperty(holder, key);
    else if (how === 'replace') holder[key] = value;
    else if (how === 'double') holder[key] = [holder[key], holder[key]];
    else holder[key] = Array.isArray(holder[key]) ? [] : '';
  }
  return root.root;
}

/** Bytes that are cut off, turned around, or put in. */
export function scratched(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(text, fc.nat(100_000), fc.uint8Array({ maxLength: 6 }), fc.boolean())
    .map(([whole, at, noise, cut]) => {
      const bytes = Buffer.from(whole);
      const place = at % (bytes.length + 1);
      return cut
        ? bytes.subarray(0, place)
        : Buffer.concat([bytes.subarray(0, place), noise, bytes.subarray(place + noise.length)]);
    });
}

/** Bodies that come of real ones, and bodies that come of nothing. */
export function bodies(real: readonly unknown[]): fc.Arbitrary<Buffer> {
  const broken = fc
    .tuple(fc.constantFrom(...real), fc.array(damage, { minLength: 0, maxLength: 3 }))
    .map(([whole, damages]) => JSON.stringify(damaged(whole, damages)) ?? '');
  return fc.oneof(
    { weight: 25, arbitrary: broken.map((text) => Buffer.from(text)) },
    { weight: 15, arbitrary: scratched(broken) },
    { weight: 5, arbitrary: fc.json().map((text) => Buffer.from(text)) },
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('[', '{"data":', '"')
        .map((text) => Buffer.from(text.repeat(5000))),
    },
  );
}

/** No 429: that is waited for. */
export const statuses = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(201, 204, 301, 400, 401, 403, 404, 408, 409, 413, 422, 500, 503),
  },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 429) },
);

const headerText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
  fc.constantFrom('150', '-1', '1e9', '999999999999', '9'.repeat(400), 'NaN', 'Infinity', ''),
  fc.constantFrom('Wed, 21 Oct 2015 07:28:00 GMT', '2015', 'Wed', '0x10', '٣'),
);

/** Of limits, with a value that may be anything that a header can hold. */
export const limitHeaders = fc.dictionary(
  fc.constantFrom(
    'retry-after',
    'ratelimit-limit',
    'ratelimit-remaining',
    'ratelimit-reset',
    'x-rate-limit-limit',
    'x-rate-limit-reset',
  ),
  headerText,
);
