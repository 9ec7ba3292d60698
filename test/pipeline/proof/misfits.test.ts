/**
 * A campaign whose cards its own adapters cannot make: found out before anything is rendered, also
 * where a program has applied it without a look at them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter, createNoopRenderer } from '@postrider/adapters/noop';
import type { Ports } from '@postrider/core';
import type { Printer, Renderer } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

// The campaign of the rig asks for 4x6 and first_class.
const TWO = 2;

function renderer(asked: unknown[], over: Partial<Renderer> = {}): Renderer {
  const plain = createNoopRenderer();
  return {
    ...plain,
    ...over,
    async render(job, context) {
      asked.push(job);
      return await plain.render(job, context);
    },
  };
}

function printer(over: Partial<Printer>): Printer {
  return { ...createNoopPrinter(), ...over };
}

/** Why the campaign was held; nobody was rendered, and nobody is in error. */
async function heldFor(asked: readonly unknown[], ports: Partial<Ports>): Promise<string> {
  await using place = await open({ people: TWO, ports });
  await place.pipeline.start();
  const why = async () =>
    (
      await place.sql<{ why: string }[]>`
        select detail ->> 'why' as why from postrider.alarm where kind = 'campaign_refused'`
    )[0]?.why;
  await until(async () => (await why()) !== undefined || (await states(place.sql))['sent'] === TWO);
  assert.notEqual(await why(), undefined, 'its cards were sent');
  await until(async () => (await states(place.sql))['pending'] === TWO);
  assert.deepEqual(asked, []);
  assert.ok(place.log.some((line) => line.startsWith('the campaign is held')));
  return (await why()) ?? '';
}

void test('a campaign whose printer does not take what would be rendered is held', async () => {
  const asked: unknown[] = [];
  const why = await heldFor(asked, {
    renderer: renderer(asked),
    printer: printer({ takes: ['application/pdf', 'image/png'] }),
  });
  assert.equal(
    why,
    'its cards do not fit: the renderer makes application/x-noop, ' +
      'and the printer takes application/pdf, image/png',
  );
});

void test('a campaign is held for a format and a mail class that its adapters do not have, both told', async () => {
  const asked: unknown[] = [];
  const why = await heldFor(asked, {
    renderer: renderer(asked, { formats: ['6x9'] }),
    printer: printer({ mailClasses: ['standard', 'express'] }),
  });
  assert.equal(
    why,
    'its cards do not fit: the format is 4x6, the renderer sets 6x9 and the printer prints any; ' +
      'the mail class is first_class, and the printer offers standard, express',
  );
});

void test('a campaign is held for a format that its printer does not print', async () => {
  const asked: unknown[] = [];
  const why = await heldFor(asked, {
    renderer: renderer(asked, { formats: ['4x6', '6x9'] }),
    printer: printer({ formats: ['6x9'] }),
  });
  assert.match(why, /the format is 4x6, the renderer sets 4x6, 6x9 and the printer prints 6x9$/);
});

void test('adapters that list formats and mail classes get what they list', async () => {
  const asked: unknown[] = [];
  await using place = await open({
    people: TWO,
    ports: {
      renderer: renderer(asked, { formats: ['6x9', '4x6'] }),
      printer: printer({ formats: ['4x6'], mailClasses: ['standard', 'first_class'] }),
    },
  });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === TWO);
});

void test('cards are rendered although nobody can make their printer', async () => {
  await using place = await open({
    people: TWO,
    integrations: { printer: async () => await Promise.reject(new Error('no key yet')) },
  });
  await place.pipeline.start();
  const failed = () => place.log.some((line) => line.includes('could not be rendered'));
  await until(async () => failed() || (await states(place.sql))['proofed'] === TWO);
  assert.ok(!failed(), place.log.join('\n'));
});

void test('cards are rendered although their printer is never made', async () => {
  await using place = await open({
    people: TWO,
    integrations: { printer: async () => await new Promise(() => undefined) },
  });
  await place.pipeline.start();
  await until(
    async () =>
      (await place.sql`select from postrider.recipient_event where to_state = 'proofed'`).length ===
      TWO,
  );
});
