/** What json-shapes.test.ts does for the stages, for what is shown before a launch. */
import { test } from 'node:test';
import {
  goLive,
  launch,
  launchPreview,
  launchSample,
  type LaunchPreview,
  type SampledPerson,
  type WentLive,
} from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import { place, proofAll, sharedMachine } from '../rig.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

void test('what a launch would do, and whose cards are looked at before', async () => {
  const { sql } = rig;
  const at = await place(
    sql,
    { budget_minor: 500, price_minor: 90, currency: 'USD', total_cap: 9, longest_name: 5 },
    null,
  );
  await syncPeople(sql, at, [...people(2), { ...people(1)[0], externalId: 'double', row: 9 }]);
  await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  await proofAll(sql, at);
  const told = fits<LaunchPreview>(await launchPreview(sql, at, { mode: 'live' }), {
    campaign: 'string',
    status: 'string',
    mode: 'string',
    people: 'object',
    turnedAway: 'list',
    cards: 'object',
    caps: 'object',
    budget: 'object?',
    printer: 'object',
    names: 'object?',
    mail: 'object',
    test: 'object?',
    blockers: 'list',
  });
  fits<LaunchPreview['turnedAway'][number]>(told.turnedAway[0], {
    state: 'string',
    reason: 'string?',
    sentence: 'string?',
    people: 'number',
  });
  fits<LaunchPreview['cards']>(told.cards, {
    people: 'number',
    held: 'number',
    later: 'number',
    now: 'number',
    inAll: 'number',
    tooLate: 'number',
    days: 'number',
  });
  fits<LaunchPreview['caps']>(told.caps, {
    daily: 'number?',
    openedToday: 'number',
    total: 'number?',
    opened: 'number',
    left: 'number?',
  });
  fits<NonNullable<LaunchPreview['budget']>>(told.budget, {
    currency: 'string',
    price: 'number',
    total: 'number',
    spent: 'number',
    left: 'number',
    pays: 'number',
    cost: 'number',
    costOfAll: 'number',
  });
  fits<LaunchPreview['printer']>(told.printer, {
    name: 'string',
    kind: 'string',
    armed: 'boolean',
    held: 'boolean',
    heldWhy: 'string?',
    connection: 'string?',
  });
  fits<NonNullable<LaunchPreview['names']>>(told.names, {
    longest: 'number',
    shortened: 'number',
    examples: 'list',
  });
  fits<LaunchPreview['mail']>(told.mail, {
    format: 'string',
    mailClass: 'string',
    transitDays: 'number',
    holdBackMinutes: 'number',
    offerEndsOn: 'string?',
    firstDay: 'string?',
    lastDay: 'string?',
    firstArrival: 'string?',
    lastArrival: 'string?',
  });
  fits<LaunchPreview['blockers'][number]>(told.blockers[0], {
    blocker: 'string',
    code: 'string',
    message: 'string',
    whatHelps: 'string',
  });
  await launch(sql, at, { mode: 'test' });
  const ending = await launchPreview(sql, at, { mode: 'live' });
  fits<NonNullable<LaunchPreview['test']>>(ending.test, { cards: 'number', beginAgain: 'number' });
  const [first] = await launchSample(sql, at);
  fits<SampledPerson>(first, {
    recipientId: 'string',
    why: 'list',
    state: 'string',
    externalId: 'string',
    firstName: 'string?',
    lastName: 'string?',
    address: 'object',
    merge: 'object',
    reference: 'string',
    proof: 'object?',
  });
  fits<NonNullable<SampledPerson['proof']>>(first?.proof, {
    frontUrl: 'string',
    frontPage: 'number',
    backUrl: 'string',
    backPage: 'number',
    contentHash: 'string',
  });
  fits<WentLive>(await goLive(sql, at, { arm: true }), {
    status: 'string',
    mode: 'string',
    voided: 'number',
    begunAgain: 'number',
    turnedAway: 'number',
  });
});
