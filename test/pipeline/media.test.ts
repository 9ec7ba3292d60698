/** What a renderer makes and an image host takes: agreed on before anything is rendered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopImageHost, createNoopRenderer } from '@postrider/adapters';
import type { ImageHost, MediaType, Renderer } from '@postrider/core/ports';
import { states } from '../support/machine.ts';
import { open, until } from './rig.ts';

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
