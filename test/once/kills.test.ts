/** kill -9 of runners around the request to Lob, whose twin is a process of its own. */
import { test } from 'node:test';
import { openWorks } from './processes.ts';

void test('killed around the request, at named points and at random: one live card each at Lob', async () => {
  await using works = await openWorks();
  await works.grow(10);
  await works.killedAt('mail.before-post');
  await works.grow(10);
  await works.killedAt('mail.after-post');
  await works.grow(10);
  await works.twin.fault({ kind: 'latency', endpoint: 'create', ms: 100, count: 20 });
  await works.killedAfter(400);
  await works.start();
  await works.judge();
});
