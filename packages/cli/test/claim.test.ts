/**
 * Claim packs from the command line: what is in the archive, and that nothing of other people and
 * no secret is. The commands of docs/how-to/claim-a-refund.md are run as they stand there.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import { recordCalls } from '../../core/src/machine/provider-calls.ts';
import { people } from '../../../test/support/machine.ts';
import {
  DAY,
  event,
  idOf,
  place as placeOf,
  sent,
  tell,
  turnClock,
} from '../../../test/sql/rig.ts';
import { recordedCall } from '../../../test/sql/rig/provider-calls.ts';
import { cli } from './cli.ts';
import { ownPlace } from './places.ts';

const page = readFileSync(
  join(import.meta.dirname, '../../../docs/how-to/claim-a-refund.md'),
  'utf8',
);

describe('claim packs', () => {
  const at = ownPlace();
  const { place } = at;
  const names = ['Ada Lovelace', 'Grace Hopper', 'Mary Somerville'];
  const cards: { id: string; providerId: string; name: string }[] = [];

  const card = (index: number): { id: string; providerId: string; name: string } =>
    cards[index] ?? assert.fail('no such card');
  const inFolder = (file: string): string => join(place.home, file);
  const filesOf = (file: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(unzipSync(readFileSync(inFolder(file)))).map(([path, bytes]) => [
        path,
        strFromU8(bytes),
      ]),
    );

  before(async () => {
    const { sql } = at.machine;
    const campaign = await placeOf(sql);
    const { organizationId } = campaign;
    const who = people(3).map((one, index) => {
      const [firstName, lastName] = (names[index] ?? '').split(' ');
      return { ...one, firstName: firstName ?? '', lastName: lastName ?? '' };
    });
    const batch = await sent(sql, campaign, who);
    for (const piece of batch.pieces) {
      const { to } = piece.request as { to: { name: string } };
      cards.push({ id: piece.mailpieceId, providerId: idOf(piece), name: to.name });
    }
    cards.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    const bodies = cards.map(({ id, providerId, name }) => ({
      id: providerId,
      metadata: { mailpiece: id },
      to: { name },
      url: `https://assets.test/${id}.pdf?signature=SIGNED`,
    }));
    await recordCalls(sql, [
      recordedCall(organizationId, {
        about: cards.map(({ id }) => id),
        request: `POST https://press.test/batch\n\n${JSON.stringify({ cards: bodies })}`,
        answer: `200\n\n${JSON.stringify({ data: bodies, api_key: 'live_supersecret' })}`,
      }),
    ]);
    const webhook = JSON.stringify({ events: bodies, secret: 'whsec_supersecret' });
    const [{ id: inbox } = { id: '' }] = await sql<{ id: string }[]>`
      insert into postrider.provider_event (
        organization_id, id, printer_name, delivery_id, body, received_at)
      values (
        ${organizationId}, postrider.new_id(), 'press', 'delivery-1',
        ${Buffer.from(webhook)}, now())
      returning id`;
    const returned = event({ providerId: card(1).providerId, status: 'returned' });
    await tell(sql, campaign, [returned]);
    await sql`
      update postrider.mailpiece_event set inbox_id = ${inbox}
      where event_id = ${returned.eventId}`;
    await turnClock(sql, 12 * DAY);
  });

  it('are told before they are made, and a dry run writes nothing', async () => {
    const run = await cli(place, ['claim', '--campaign', 'spring', '--dry-run', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const [told] = run.json();
    assert.deepEqual([told?.['pieces'], told?.['results']], [3, { overdue: 2, returned: 1 }]);
    const shown = await cli(place, ['claim', '--campaign', 'spring', '--overdue', '--dry-run']);
    assert.match(shown.stdout, /spring: a pack of 2 cards\n/);
    assert.match(shown.stderr, /nothing was written/);
    assert.ok(!existsSync(inFolder('claim-spring.zip')));
  });

  it('hold request, answer, events, dates and hashes of a card, and nothing of the others', async () => {
    const run = await cli(place, ['claim', '--campaign', 'spring', '--returned', '--json']);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.json()[0]?.['pieces'], 1);
    assert.equal(statSync(inFolder('claim-spring.zip')).mode & 0o077, 0);
    const files = filesOf('claim-spring.zip');
    assert.deepEqual(Object.keys(files), [
      'README.txt',
      'summary.csv',
      `pieces/${card(1).id}.json`,
    ]);
    const all = Object.values(files).join('\n');
    for (const foreign of ['Ada', 'Lovelace', 'Somerville', card(0).id, card(2).id])
      assert.ok(!all.includes(foreign), foreign);
    for (const secret of ['supersecret', 'SIGNED', 'file://', 'front.pdf', '@example.com'])
      assert.ok(!all.includes(secret), secret);
    const piece = JSON.parse(files[`pieces/${card(1).id}.json`] ?? '') as {
      result: string;
      card: { to: { name: string }; artwork: { front: { hash: string } } };
      dates: { accepted: string };
      events: { status: string }[];
      history: { to: string }[];
      calls: { request: { body: unknown }; answer: { body: { data: { id: string }[] } } }[];
      webhooks: { body: { events: unknown[] } }[];
    };
    assert.equal(piece.card.to.name, 'Grace Hopper');
    assert.equal(piece.card.artwork.front.hash, 'f'.repeat(64));
    assert.deepEqual([piece.result, piece.events[0]?.status], ['returned', 'returned']);
    assert.equal(piece.history.at(-1)?.to, 'returned');
    assert.equal(piece.calls[0]?.answer.body.data[0]?.id, card(1).providerId);
    assert.match(JSON.stringify(piece.webhooks[0]?.body), /Grace Hopper/);
    const [head, line] = (files['summary.csv'] ?? '').split('\r\n');
    assert.match(head ?? '', /^printer_id,our_reference,campaign,result,/);
    assert.match(line ?? '', new RegExp(`^id of ${card(1).id},${card(1).id},spring,returned,`));
    assert.match(files['README.txt'] ?? '', /Printer: press\nCards: 1, accepted from /);
  });

  it('are the same bytes for the same cards, and replace no file unless told', async () => {
    const args = ['claim', card(0).id, card(2).providerId, '--out', 'two.zip'];
    const first = await cli(place, [...args, '--json']);
    assert.equal(first.code, 0, first.stderr);
    const bytes = readFileSync(inFolder('two.zip'));
    const again = await cli(place, args);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /two\.zip is there already/);
    assert.match(again.stderr, /--force to replace it; nothing was written/);
    writeFileSync(inFolder('two.zip'), 'mine');
    const forced = await cli(place, [...args, '--force', '--json']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.deepEqual(readFileSync(inFolder('two.zip')), bytes);
    assert.equal(forced.json()[0]?.['sha256'], first.json()[0]?.['sha256']);
  });

  it('are refused where nothing fits, with what helps', async () => {
    for (const [args, said] of [
      [['claim'], /say which cards: by their ids, or --campaign/],
      [['claim', 'psc_nobody'], /nobody|there is no card psc_nobody/],
      [['claim', '--campaign', 'spring', '--failed', '--out', 'no.zip'], /there is no such card/],
      [['claim', '--campaign', 'sprint', '--overdue'], /there is no campaign sprint/],
      [
        ['claim', card(0).id, '--out', 'no/such/folder/a.zip'],
        /cannot be written: .*\n.*nothing was written/,
      ],
    ] as const) {
      const run = await cli(place, args);
      assert.notEqual(run.code, 0, args.join(' '));
      assert.match(run.stderr, said);
      assert.match(run.stderr, /nothing was written|nothing was changed/i);
    }
  });

  it('are made by the commands of the how-to page', async () => {
    const commands = [...page.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block = '']) =>
      block.trim().split('\n'),
    );
    assert.ok(commands.length >= 4, 'the page has commands');
    for (const line of commands) {
      const [program, ...args] = line
        .replace(/\s+#.*$/, '')
        .replace('psc_208e45e48d271294', card(0).id)
        .split(' ');
      assert.equal(program, 'postrider', line);
      const run = await cli(place, args);
      assert.equal(run.code, 0, `${line}\n${run.stderr}`);
    }
    for (const file of ['overdue.zip', 'returned.zip', 'one.zip'])
      assert.ok(existsSync(inFolder(file)), file);
  });
});
