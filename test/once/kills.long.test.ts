/** kill -9 of runners at every named point of the mail stage, and at random, again and again. */
import { test } from 'node:test';
import { printerPoints } from '../crash/points.ts';
import { openWorks } from './processes.ts';

void test('killed at every point of the mail stage: one live card each at Lob', async () => {
  await using works = await openWorks();
  for (const point of printerPoints) {
    await works.grow(10);
    if (point.startsWith('reconcile.'))
      await works.twin.fault({ kind: 'reset_after_effect', endpoint: 'create', count: 10 });
    await works.killedAt(point);
    await works.twin.clearFaults();
  }
  await works.start();
  await works.judge();
});

void test('killed at random, twenty times, while answers are lost: one live card each at Lob', async () => {
  await using works = await openWorks();
  for (let round = 0; round < 20; round += 1) {
    await works.grow(20);
    await works.twin.fault(
      { kind: 'latency', endpoint: 'create', ms: 80, count: 20 },
      { kind: 'reset_after_effect', endpoint: 'create', count: 2 },
      { kind: 'error_before_effect', endpoint: 'create', count: 2 },
    );
    await works.killedAfter(200 + Math.random() * 1200);
  }
  await works.twin.clearFaults();
  await works.start();
  await works.start();
  await works.judge();
});
