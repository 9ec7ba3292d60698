/**
 * The JSON of an amendment has the shape that its typed calls tell of: as in `json-shapes.test.ts`.
 */
import { test } from 'node:test';
import { amend, type AmendedContent, type AmendedPerson, type AmendedRow } from '@postrider/core';
import { applyAmendedPage } from '../../../packages/core/src/machine/amend.ts';
import { membersOf, one, resident, runOpened, sharedMachine } from '../rig.ts';
import { oneOff } from '../rig/campaigns.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

const person = {
  recipientId: 'string',
  externalId: 'string',
  outcome: 'string',
  was: 'string',
  state: 'string',
  reason: 'string',
  detail: 'string?',
  changed: 'list',
  newHousehold: 'boolean',
  before: 'object',
  after: 'object',
} as const;

void test('what became of a person, and of a page of a list', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, [resident('Ada')]);
  const { id } = await one(sql, at);
  const told = await amend(sql, id, { city: 'Berkeley' }, { dryRun: true });
  fits<AmendedPerson>(told, { ...person, dryRun: 'boolean' });
  for (const content of [told.before, told.after])
    fits<AmendedContent>(content, {
      email: 'string?',
      otherEmails: 'list',
      firstName: 'string?',
      lastName: 'string?',
      line1: 'string?',
      line2: 'string?',
      city: 'string?',
      region: 'string?',
      postalCode: 'string?',
      country: 'string?',
      merge: 'object',
      householdKey: 'string?',
    });
  const run = await runOpened(sql, at, 'amend');
  const members = membersOf([resident('Ada', { city: 'Berkeley' })]);
  for (const row of await applyAmendedPage(sql, run, {
    members,
    rejects: [],
    waitedMs: 0,
    told: 5,
  }))
    fits<AmendedRow>(row, { ...person, row: 'number?' });
});
