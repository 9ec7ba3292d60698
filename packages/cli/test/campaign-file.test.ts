import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '@postrider/runner/yaml-file';
import { readCampaignDraft, readCampaignFile } from '../src/campaign-file/read.ts';
import { campaignWarnings } from '../src/campaign-file/warnings.ts';

const folder = mkdtempSync(join(tmpdir(), 'postrider-campaign-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const least = `name: spring
organization: Bakery
mode: one_off
renderer: { kind: typst, template: card.typ }
format: 4x6
image_host: { kind: folder }
printer: { kind: noop, name: press }
mail_class: standard
`;

async function read(text: string) {
  const path = join(folder, 'campaign.yaml');
  writeFileSync(path, text);
  return await readCampaignFile(path);
}
async function problems(text: string): Promise<string[]> {
  try {
    await read(text);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.message
      .split('\n')
      .map((line) => line.slice(line.indexOf('campaign.yaml:') + 'campaign.yaml:'.length));
  }
  return [];
}

describe('campaign files', () => {
  it('the smallest one has the defaults of the reference', async () => {
    const { definition, organization, timeZone } = await read(least);
    assert.deepEqual([organization, timeZone], ['Bakery', null]);
    assert.deepEqual(definition, {
      name: 'spring',
      campaign_mode: 'one_off',
      provider_segment_id: null,
      integrations: {
        renderer: { kind: 'typst' },
        image_host: { kind: 'folder' },
        printer: { kind: 'noop', name: 'press' },
      },
      base_directory: realpathSync(folder),
      template: 'card.typ',
      format: '4x6',
      mail_class: 'standard',
      printer_name: 'press',
      return_address: null,
      dedupe: 'household',
      exclusion_window: '30 days',
      frequency_cap: null,
      frequency_cap_mode: 'skip',
      holdout_percent: 0,
      holdout_salt: 'spring',
      daily_cap: null,
      total_cap: null,
      budget_minor: null,
      price_minor: null,
      currency: null,
      offer_ends_on: null,
      transit_days: 14,
      hold_back_minutes: 0,
      assumed_after: '35 days',
      effects: [],
      remove_images_after: '7 days',
      keep_images_at_most: '90 days',
    });
  });

  it('warns of an offer that ends before a card arrives, by the day of the organization', async () => {
    const warned = async (offer: string, zone: string, now: string): Promise<boolean> => {
      const text = `${least}offer_ends_on: ${offer}\ntransit_days: 5\ntime_zone: ${zone}\n`;
      const path = join(folder, 'offer.yaml');
      writeFileSync(path, text);
      const draft = await readCampaignDraft(path);
      return campaignWarnings(draft, new Date(now)).some((line) =>
        line.startsWith('offer_ends_on'),
      );
    };
    const night = '2026-11-30T05:00:00Z';
    assert.equal(await warned('2026-12-04', 'America/Los_Angeles', night), false);
    assert.equal(await warned('2026-12-03', 'America/Los_Angeles', night), true);
    assert.equal(await warned('2026-12-04', 'Europe/Berlin', night), true);
    assert.equal(await warned('2026-12-05', 'Pacific/Kiritimati', '2026-11-30T11:00:00Z'), true);
  });

  it('money becomes whole cents, and only so many decimals as the currency has', async () => {
    const { definition } = await read(
      `${least}budget: { amount: 1000.10, price_per_card: 0.57, currency: USD }\n`,
    );
    assert.deepEqual(
      [definition.budget_minor, definition.price_minor, definition.currency],
      [100_010, 57, 'USD'],
    );
    assert.deepEqual(
      await problems(`${least}budget: { amount: 10.005, price_per_card: 1, currency: USD }\n`),
      ['9:11: budget.amount: USD has 2 decimals'],
    );
    assert.deepEqual(
      await problems(`${least}budget: { amount: 100.5, price_per_card: 50, currency: JPY }\n`),
      ['9:11: budget.amount: JPY has 0 decimals'],
    );
  });

  it('what a sink hears and how long images are kept are the campaign’s, and no options of an adapter', async () => {
    const kept = least.replace(
      /image_host: .*/,
      'image_host: { kind: noop, remove_after_days: never, keep_at_most_days: 30 }',
    );
    assert.notEqual(kept, least);
    const { definition } = await read(
      `${kept}event_sink: { kind: file, statuses: [delivered, failed, delivered] }\n`,
    );
    assert.deepEqual(
      [
        definition.effects,
        definition.event_statuses,
        definition.remove_images_after,
        definition.keep_images_at_most,
        definition.integrations['event_sink'],
        definition.integrations['image_host'],
      ],
      [
        ['event_sink'],
        ['delivered', 'failed'],
        null,
        '30 days',
        { kind: 'file' },
        { kind: 'noop' },
      ],
    );
    const [wrong] = await problems(`${least}event_sink: { kind: file, statuses: [received] }\n`);
    assert.match(wrong ?? '', /event_sink\.statuses/);
  });

  it('a return address, effects and JSON are taken', async () => {
    const { definition } = await read(
      `${least}return_address: { line1: 1 Millers Row, city: Montpelier, region: ` +
        'VT, postal_code: "05602", country: US }\nusage_meter: { kind: file }\n',
    );
    assert.deepEqual(definition.return_address, {
      line1: '1 Millers Row',
      line2: null,
      city: 'Montpelier',
      region: 'VT',
      postalCode: '05602',
      country: 'US',
    });
    assert.deepEqual(definition.effects, ['usage_meter']);
    const json = await read(
      JSON.stringify({
        ...JSON.parse(
          JSON.stringify({
            name: 'j',
            organization: 'o',
            mode: 'one_off',
            format: '4x6',
            mail_class: 'standard',
          }),
        ),
        renderer: { kind: 'noop', template: 't' },
        image_host: { kind: 'noop' },
        printer: { kind: 'noop', name: 'p' },
      }),
    );
    assert.equal(json.definition.name, 'j');
  });

  it('what is wrong is told with line, field and what is allowed', async () => {
    const cases: [string, RegExp][] = [
      [
        least.replace('one_off', 'weekly'),
        /^3:1: mode: must be automated or one_off, not "weekly"$/,
      ],
      [
        least.replace('one_off', 'automated'),
        /^3:1: mode: an automated campaign follows a segment/,
      ],
      [`${least}segment: people\n`, /^9:1: segment: names a segment, but there is no audience/],
      [
        `${least}holdout: { percent: 10.001, salt: x }\n`,
        /^9:12: holdout\.percent: must be a percentage with two decimals at most, not 10\.001$/,
      ],
      [
        `${least}holdout: { percent: 101, salt: x }\n`,
        /^9:12: holdout\.percent: must be at most 100, not 101$/,
      ],
      [`${least}daily_cap: 0\n`, /^9:1: daily_cap: must be at least 1, not 0$/],
      [
        `${least}offer_ends_on: 2026-02-31\n`,
        /^9:1: offer_ends_on: must be a day, for example 2026-11-30, not "2026-02-31"$/,
      ],
      [
        `${least}return_address: { line1: x, city: y, postal_code: 05602, country: US }\n`,
        /^9:38: return_address\.postal_code: must be a text in quotes \(a zero in front would be lost\), not 5602$/,
      ],
      [
        least.replace('name: press', 'name: My Press'),
        /^7:24: printer\.name: must be small letters, digits and hyphens/,
      ],
      [least.replace('name: spring', 'name: "a/b"'), /^1:1: name: must be a name without a slash/],
      [least.replace('format: 4x6\n', ''), /^1:1: format: is missing/],
      [
        `${least}holdout: { percent: 5, salt: x, slat: y }\n`,
        /^9:33: holdout\.slat: there is no such field; did you mean salt\?$/,
      ],
      [`${least}printer: { kind: noop, name: other }\n`, /^9:1: Map keys must be unique$/],
    ];
    for (const [text, expected] of cases) {
      const found = await problems(text);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
    }
  });

  it('the example is one', async () => {
    const { definition } = await readCampaignFile(
      fileURLToPath(new URL('../../../examples/bakery/campaign.yaml', import.meta.url)),
    );
    assert.equal(definition.name, 'bakery-welcome');
    assert.deepEqual(
      [definition.holdout_percent, definition.assumed_after, definition.transit_days],
      [10, '21 days', 5],
    );
  });
});
