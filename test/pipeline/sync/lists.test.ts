/** Lists as people bring them, from the file to the report of the sync. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCsvAudience } from '@postrider/adapters/csv';
import { createNdjsonAudience } from '@postrider/adapters/ndjson';
import type { SyncReport } from '@postrider/core';
import type { AudienceSource } from '@postrider/core/ports';
import { reasonsOf } from '../../sql/rig.ts';
import { open, type Opened } from '../rig.ts';

interface OfLists extends Opened {
  /** Syncs with a file of `test/cases/lists`. */
  read(name: string, allowDepartures?: boolean): Promise<SyncReport>;
}

async function openForLists(): Promise<OfLists> {
  let source: AudienceSource;
  const audience: AudienceSource = { members: (...asked) => source.members(...asked) };
  const opened = await open({ people: 0, ports: { audience } });
  const folder = join(import.meta.dirname, '../../cases/lists');
  return Object.assign(opened, {
    async read(name: string, allowDepartures = false) {
      const create = name.endsWith('.ndjson') ? createNdjsonAudience : createCsvAudience;
      const { organizationId, campaignId } = opened.place;
      source = create(
        { path: name },
        { baseDirectory: folder, dataDirectory: folder, secret: () => undefined },
      );
      return await opened.pipeline.sync(organizationId, campaignId, {
        kind: 'manual',
        allowDepartures,
      });
    },
  });
}

void test('of a list in which a quote has swallowed a row nobody is said to have left', async () => {
  await using place = await openForLists();
  const { sql } = place;
  const waiting = {
    1: 'pending (new)',
    2: 'pending (new)',
    3: 'pending (new)',
    4: 'pending (new)',
  };
  const first = await place.read('c01-swallow.csv');
  assert.deepEqual([first.complete, first.created, first.invalid], [false, 3, 1]);
  assert.match(first.error ?? '', /c01-swallow\.csv: line 3 stands inside the row of line 2/);
  const good = await place.read('c01-good.csv');
  assert.deepEqual([good.complete, good.created, good.error], [true, 1, null]);
  assert.deepEqual(await reasonsOf(sql, place.place), waiting);
  const again = await place.read('c01-swallow.csv', true);
  assert.deepEqual([again.complete, again.leftSegment], [false, 0]);
  assert.deepEqual(await reasonsOf(sql, place.place), waiting);
});

void test('ids that a spreadsheet has rounded are nobody: all is told, and who had them whole stays', async () => {
  await using place = await openForLists();
  await place.read('c01-good.csv');
  const rounded = await place.read('c04-sciid.csv');
  assert.deepEqual(
    [rounded.fetched, rounded.invalid, rounded.created, rounded.repeated, rounded.leftSegment],
    [3, 3, 0, 0, 0],
  );
  assert.match(rounded.error ?? '', /a spreadsheet has rounded/);
  const mixed = await place.read('v01-second.csv');
  assert.deepEqual([mixed.invalid, mixed.repeated, mixed.complete], [2, 1, false]);
});

void test('an id beyond 2^53 in JSON is one person, and an opt-out by it stops that one alone', async () => {
  await using place = await openForLists();
  const { sql } = place;
  const { organizationId } = place.place;
  await sql`
    select postrider.suppress(${organizationId}, p_external_id => '653247040368672769')`;
  const report = await place.read('n02.ndjson');
  assert.deepEqual([report.created, report.repeated, report.conflicting], [3, 0, 0]);
  assert.deepEqual(await reasonsOf(sql, place.place), {
    '653247040368672768': 'pending (new)',
    '653247040368672769': 'blacklisted (suppressed)',
    '653247040368672770': 'pending (new)',
  });
});
