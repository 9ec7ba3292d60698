/** What a renderer makes and an image host takes: agreed on before anything is rendered. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  createNoopImageHost,
  createNoopPrinter,
  createNoopRenderer,
} from '@postrider/adapters/noop';
import type { ImageHost, MediaType, PieceRequest, Printer, Renderer } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

function making(makes: readonly MediaType[], asked: MediaType[]): Renderer {
  const plain = createNoopRenderer();
  return {
    makes,
    async render(job, context) {
      asked.push(job.media);
      return await plain.render(job, context);
    },
  };
}

function taking(takes: readonly MediaType[]): ImageHost {
  return { ...createNoopImageHost(), takes };
}

void test('a renderer is asked for the first that it makes and the image host takes', async () => {
  const asked: MediaType[] = [];
  const renderer = making(['application/pdf', 'image/png', 'image/jpeg'], asked);
  const imageHost = taking(['image/jpeg', 'image/png']);
  await using place = await open({ people: 1, ports: { renderer, imageHost } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 1);
  assert.deepEqual(asked, ['image/png']);
});

void test('where nothing fits the campaign is held with both sides of it, and nobody is in error', async () => {
  const asked: MediaType[] = [];
  const renderer = making(['application/pdf'], asked);
  const imageHost = taking(['image/png', 'image/jpeg']);
  await using place = await open({ people: 2, ports: { renderer, imageHost } });
  await place.pipeline.start();
  const held = () => place.log.find((line) => line.startsWith('the campaign is held'));
  await until(() => held() !== undefined);
  assert.match(
    held() ?? '',
    /the renderer makes application\/pdf, and the image host takes image\/png, image\/jpeg/,
  );
  await until(async () => (await states(place.sql))['pending'] === 2);
  assert.deepEqual(asked, []);
});

/** A picture for each side of each card. */
const pictures: Renderer = {
  makes: ['image/png'],
  render: async ({ cards }) =>
    await Promise.resolve({
      documents: cards.flatMap(({ recipientId }) =>
        ['front', 'back'].map((side) => ({
          name: `${recipientId}-${side}.png`,
          contentType: 'image/png' as const,
          bytes: Buffer.from(`${side} of ${recipientId}`),
        })),
      ),
      results: cards.map(({ recipientId }, index) => ({
        recipientId,
        outcome: 'rendered' as const,
        front: { document: 2 * index, page: 1 },
        back: { document: 2 * index + 1, page: 1 },
        contentHash: 'ab'.repeat(32),
      })),
    }),
};

function sideOf(recipientId: string, side: string): object {
  return {
    url: `https://x/${recipientId}-${side}.png`,
    page: 1,
    hash: createHash('sha256').update(`${side} of ${recipientId}`).digest('hex'),
  };
}

void test('front and back are two artworks where the renderer makes two', async () => {
  const printed: PieceRequest[] = [];
  const press = createNoopPrinter();
  const imageHost: ImageHost = {
    ...taking(['image/png']),
    put: async (documents) =>
      await Promise.resolve(
        documents.map(({ name }) => ({ outcome: 'stored' as const, url: `https://x/${name}` })),
      ),
  };
  const printer: Printer = {
    ...press,
    async submit(pieces, lease, context) {
      printed.push(...pieces);
      return await press.submit(pieces, lease, context);
    },
  };
  await using place = await open({ people: 2, ports: { renderer: pictures, imageHost, printer } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 2);
  assert.equal(printed.length, 2);
  for (const { artwork, reference } of printed) {
    assert.deepEqual(artwork, {
      front: sideOf(reference.recipientId, 'front'),
      back: sideOf(reference.recipientId, 'back'),
    });
  }
});

void test('a card of which one side is refused for good is not tried again for the other', async () => {
  const imageHost: ImageHost = {
    ...taking(['image/png']),
    put: async (documents) =>
      await Promise.resolve(
        documents.map(({ name }) =>
          name.endsWith('front.png')
            ? { outcome: 'retry' as const, afterMs: 1000, message: 'busy' }
            : { outcome: 'failed' as const, message: 'too large' },
        ),
      ),
  };
  await using place = await open({ people: 1, ports: { renderer: pictures, imageHost } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['error'] === 1);
  const [person] = await place.sql<{ detail: string }[]>`
    select detail from postrider.recipient_state`;
  assert.equal(person?.detail, 'image host: too large');
});
