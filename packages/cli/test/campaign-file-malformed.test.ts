/**
 * Campaign files as nobody should write them: each is a campaign that can be kept, or is refused
 * with what is wrong and where. Nothing crashes, and memory stays flat.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { ConfigurationError } from '@postrider/runner/yaml-file';
import { bodies, flatMemory, inputsOf, scratched } from '../../adapters/test/malformed.ts';
import { readCampaignDraft } from '../src/campaign-file/read.ts';
import { campaignWarnings } from '../src/campaign-file/warnings.ts';

const folder = mkdtempSync(join(tmpdir(), 'postrider-campaign-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const least = {
  name: 'spring',
  organization: 'Bakery',
  mode: 'one_off',
  renderer: { kind: 'typst', template: 'card.typ' },
  format: '4x6',
  image_host: { kind: 'folder' },
  printer: { kind: 'noop', name: 'press' },
  mail_class: 'standard',
};
const most = {
  ...least,
  mode: 'automated',
  time_zone: 'America/New_York',
  segment: 'customers',
  audience: { kind: 'csv', path: 'list.csv', columns: { first_name: 'Name' } },
  enricher: { kind: 'lookup', path: 'addresses.csv' },
  image_host: { kind: 'folder', remove_after_days: 'never', keep_at_most_days: 30 },
  usage_meter: { kind: 'file', path: 'usage.ndjson' },
  event_sink: {
    kind: 'webhook',
    url: 'https://hooks.example.com/',
    statuses: ['sent', 'delivered'],
  },
  return_address: {
    line1: '1 Main St',
    city: 'Boston',
    region: 'MA',
    postal_code: '02138',
    country: 'US',
  },
  holdout: { percent: 12.5, salt: 'spring' },
  frequency_cap: { days: 30, mode: 'defer' },
  budget: { amount: 1000, price_per_card: 0.85, currency: 'USD' },
  offer_ends_on: '2026-11-30',
  transit_days: 5,
};

function yaml(fields: object): string {
  return Object.entries(fields)
    .map(([field, value]) => `${field}: ${JSON.stringify(value)}\n`)
    .join('');
}

/** What means something in YAML, or to programs that read it. */
const marks = [
  '&a ',
  '*a ',
  '&a [*a, *a]',
  '<<: *a',
  '{<<: {a: 1}}',
  '%YAML 1.1\n---\n',
  '---\n',
  '...\n',
  '!!binary aGVsbG8=',
  '!!set {a, b}',
  '!!omap [a: 1]',
  '!!timestamp 2026-11-30',
  '!!js/function x',
  '!tag ',
  '? ',
  '? [a, b]\n: ',
  ': ',
  '- ',
  '|\n',
  '>-\n',
  '"\\0"',
  '"\\uD800"',
  '"\\e[2J"',
  '.nan',
  '-.inf',
  '1e400',
  '0o17',
  '99999999999999999999',
  '__proto__: ',
  'constructor: ',
  'null',
  '~',
  '\t',
  '\r',
  '\0',
  '\u2028',
  '{',
  '[',
  '"',
  '#',
] as const;

const marked = fc
  .tuple(
    fc.constantFrom(yaml(least), yaml(most), JSON.stringify(most, null, 2)),
    fc.array(fc.tuple(fc.nat(100_000), fc.constantFrom(...marks), fc.nat(12)), { maxLength: 4 }),
  )
  .map(([whole, changes]) =>
    changes.reduce((text, [chosen, mark, cut]) => {
      const at = chosen % (text.length + 1);
      // Between fields and values it means more than in the middle of a word.
      const place = cut > 3 ? text.indexOf(cut > 7 ? '\n' : ': ', at) + (cut > 7 ? 1 : 2) : at;
      return text.slice(0, place) + mark + text.slice(place + (cut > 9 ? cut : 0));
    }, whole),
  );
const files = fc.oneof(
  { weight: 3, arbitrary: marked.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: scratched(marked) },
  { weight: 2, arbitrary: bodies([least, most]) },
);

const path = join(folder, 'campaign.yaml');

/** What is wrong with a file that is refused as a whole. */
async function refusal(text: string): Promise<string> {
  writeFileSync(path, text);
  return await readCampaignDraft(path).then(
    () => assert.fail('it is read'),
    (error: unknown) => {
      assert.ok(error instanceof ConfigurationError, String(error));
      return error.message.slice(path.length);
    },
  );
}

/** Null where it is refused as a whole. */
async function draftOf(file: Uint8Array) {
  writeFileSync(path, file);
  try {
    return await readCampaignDraft(path);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String((error as Error).stack));
    assert.ok(error.problems.length > 0 && error.message.length < 20_000);
    return null;
  }
}

/** As PostgreSQL takes it: without the two kinds of text that no JSON of its may hold. */
function assertStorable(definition: unknown): void {
  const json = JSON.stringify(definition);
  assert.doesNotMatch(json, /\\u0000|\\ud[89a-f]/i);
}

describe('malformed campaign files', () => {
  it('come of files that can be used', async () => {
    for (const whole of [least, most])
      assert.deepEqual((await draftOf(Buffer.from(yaml(whole))))?.problems, []);
  });

  it('with aliases of nothing, of themselves or of too much are refused in words', async () => {
    assert.equal(
      await refusal(`<<: *a\n${yaml(least)}`),
      ': Unresolved alias (the anchor must be set before the alias): a',
    );
    assert.equal(await refusal(`${yaml(least)}audience: &a [*a]\n`), ': is nested too deeply');
    const doubled = Array.from({ length: 12 }, (_, n) => {
      const inner = n === 0 ? '1' : `*a${n - 1}`;
      return `a${n}: &a${n} [${Array<string>(9).fill(inner).join(', ')}]\n`;
    });
    assert.match(await refusal(doubled.join('')), /Excessive alias count/);
    for (const levels of [100, 700, 20_000])
      assert.match(
        await refusal(`segment: ${'['.repeat(levels)}${']'.repeat(levels)}`),
        /: is nested too deeply$/,
      );
  });

  it('with a mail class that is the name of something in any program have the usual times', async () => {
    const draft = await draftOf(Buffer.from(yaml({ ...most, mail_class: 'constructor' })));
    assert.equal(draft?.file?.definition.assumed_after, '35 days');
    assert.ok(campaignWarnings(draft).some((warning) => warning.startsWith('mail_class: ')));
  });

  it('with text that cannot be stored are refused at its field', async () => {
    const audience = { kind: 'csv', path: 'a\0', columns: { '\uD800': 'Name' } };
    const draft = await draftOf(Buffer.from(JSON.stringify({ ...most, audience })));
    assert.deepEqual(draft?.problems.map(({ field }) => field).toSorted(), [
      'audience.columns',
      'audience.path',
    ]);
  });

  it('each is a campaign that can be kept, or is refused in words', async () => {
    const inputs = inputsOf(1);
    const memory = flatMemory(inputs);
    await fc.assert(
      fc.asyncProperty(files, async (file) => {
        memory.seen();
        const draft = await draftOf(file);
        if (draft === null) return;
        assert.equal(draft.file === null, draft.problems.length > 0);
        for (const warning of campaignWarnings(draft)) assert.equal(typeof warning, 'string');
        if (draft.file !== null) assertStorable(draft.file.definition);
      }),
      { numRuns: inputs },
    );
    memory.check();
  });
});
