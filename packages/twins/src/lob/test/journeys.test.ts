/** How long the mail takes, and what goes wrong on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Piece } from '../books.ts';
import { businessDays, journey, type JourneyOptions } from '../journey.ts';

const DAY = 86_400_000;
const calm: JourneyOptions = {
  seed: 1,
  mailedEvents: false,
  loseScans: 0,
  lateScans: 0,
  rerouted: 0,
  returned: 0,
  renderFailures: 0,
};
/** A Monday. */
const MONDAY = Date.UTC(2026, 10, 30, 9);

function piece(key: string, changes: Partial<Piece> = {}): Piece {
  return {
    id: `psc_${key}`,
    key,
    mode: 'live',
    mailType: 'usps_first_class',
    created: { at: MONDAY, travel: 0 },
    sendAt: MONDAY + 300_000,
    ...changes,
  } as Piece;
}

const thousand = Array.from({ length: 1_000 }, (_, number) => piece(`k${number}`));

/** How many of a thousand have it. */
function count(
  options: Partial<JourneyOptions>,
  has: (types: readonly string[]) => boolean,
): number {
  return thousand.filter((one) =>
    has(journey(one, { ...calm, ...options }).map(({ type }) => type)),
  ).length;
}

test('business days pass over Saturday and Sunday', () => {
  const iso = (from: number, days: number): string =>
    new Date(businessDays(from, days)).toISOString().slice(0, 13);
  assert.equal(iso(MONDAY, 2), '2026-12-02T09');
  assert.equal(iso(MONDAY, 5), '2026-12-07T09');
  assert.equal(iso(MONDAY + 5 * DAY, 0.5), '2026-12-07T21');
});

test('the first scan comes after 2 to 3 business days, or 4 to 5, and all is over in time', () => {
  for (const [mailType, least, most] of [
    ['usps_first_class', 2, 3],
    ['usps_standard', 4, 7],
  ] as const) {
    for (const one of thousand.slice(0, 100)) {
      const steps = journey({ ...one, mailType }, calm);
      assert.deepEqual(
        steps.map(({ type }) => type),
        [
          'rendered_pdf',
          'rendered_thumbnails',
          'in_transit',
          'in_local_area',
          'processed_for_delivery',
          'delivered',
        ],
      );
      const days = ((steps[2]?.scanned ?? 0) - 300_000) / DAY;
      assert.ok(days >= least && days <= most, `${mailType} ${days}`);
      assert.ok((steps.at(-1)?.scanned ?? 0) < 14 * DAY);
    }
  }
});

test('so many percent come back, are sent on, are lost to the scanners, are not rendered', () => {
  const near = (found: number, percent: number): void =>
    assert.ok(Math.abs(found / 10 - percent) < percent / 2, `${found} of 1000 for ${percent} %`);
  near(
    count({ returned: 3 }, (types) => types.includes('returned_to_sender')),
    3,
  );
  near(
    count({ rerouted: 4 }, (types) => types.includes('re-routed')),
    4,
  );
  near(
    count({ renderFailures: 5 }, (types) => types.includes('failed')),
    5,
  );
  near(
    count({ loseScans: 10 }, (types) => !types.includes('in_transit')),
    10,
  );
  assert.equal(
    count({ mailedEvents: true }, (types) => types.includes('mailed')),
    1_000,
  );
  const late = count(
    { lateScans: 10 },
    (types) => types.indexOf('in_transit') > types.indexOf('in_local_area'),
  );
  assert.ok(late > 20, String(late));
});

test('a returned piece is not delivered, and a piece that failed goes nowhere', () => {
  assert.equal(
    count(
      { returned: 50 },
      (types) => types.includes('returned_to_sender') === types.includes('delivered'),
    ),
    0,
  );
  assert.equal(
    count({ renderFailures: 50 }, (types) => types.includes('failed') && types.length > 1),
    0,
  );
});

test('the same seed and key have the same journey, another seed another', () => {
  const of = (seed: number): string =>
    JSON.stringify(journey(piece('k'), { ...calm, seed, returned: 30, loseScans: 30 }));
  assert.equal(of(7), of(7));
  assert.notEqual(of(7), of(8));
});
