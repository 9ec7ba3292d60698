/** The JSON of a cancel by filter has the shape that the typed calls tell of. */
import { test } from 'node:test';
import {
  cancelPeople,
  cancelPreview,
  type CancelledSome,
  type CancelPreview,
} from '@postrider/core';
import { place, proofed, sharedMachine } from '../rig.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

void test('what a cancel would do, and what it does', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  fits<CancelPreview>(await cancelPreview(sql, at), {
    free: 'number',
    atPrinter: 'number',
    asked: 'number',
    tooLate: 'number',
    unresolved: 'number',
    counted: 'number',
    countedMinor: 'number?',
    currency: 'string?',
    prices: 'list',
  });
  fits<CancelledSome>(await cancelPeople(sql, at, { states: ['holdout'] }), {
    free: 'number',
    atPrinter: 'number',
    asked: 'number',
    tooLate: 'number',
    unresolved: 'number',
    after: 'string?',
  });
});
