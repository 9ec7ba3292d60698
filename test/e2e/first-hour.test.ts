/**
 * A new user's first hour: an own list with dirt in it, an own campaign, and each mistake that
 * people make. Each is told before anything is printed, and says what helps.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newProject, type Said } from './first-hour.ts';

const LIST = `Customer ID,E-mail,First Name,Last Name,Address,Building,Town,State,Zip,Code,Notes
1001,ada@example.com,Ada,Byron,12 Elm St,,Boston,Massachusetts,'02138,A1,
1002,"ben@example.com; ben.work@example.com",Ben,Gray,14 Elm St,Apt 4-B,Boston,MA,2138.0,B2,"called
twice"
1003,cat@example.com,NULL,Hay,16 Elm St,,Boston,MA,02138,C3,
1004,dan@example.com,Dan,Ivy,18 Elm St,,Boston,ZZ,02138,D4,
1005,eve@example.com,Eve,Jay,PO Box 12,,Cambridge,MA,02138,E5,
1006,evie@example.com,Evie,Jay,P.O. Box 12,,Cambridge,MA,02138,F6,
1007,fay@example.com,Fay,Kent,20 Elm St,,Boston,MA,02138,G7,
1007,gus@example.com,Gus,Lane,99 Oak Ave,,Salem,MA,01970,H8,
1008,hal@example.com,Hal,Moss,,,,,,I9,
1009,ivy@example.com,Ivy,Nash,22 Elm St,Bldg C,Boston,MA,02138,J1,
1010,jan@example.com,Jan,Otis,24 Elm St,,Boston,MA,02138,K2,
`;

const TEMPLATE = `#import "postrider.typ": *
#let front(card) = {
  let name = card.at("firstName", default: "neighbor")
  place(center + horizon, text(size: 40pt, fit(300pt, "Hello " + name)))
}
#let back(card) = {
  place(top + left, dx: 30pt, dy: 30pt, block(width: 150pt)[Your code: *#card.code*])
  place(top + left, dx: 30pt, dy: 180pt, qr("https://example.com/c/" + card.reference, size: 0.4in))
}
`;

const CAMPAIGN = `name: spring
organization: Corner Shop
mode: one_off
segment: people
audience: { kind: csv, path: people.csv, delimiter: ";" }
renderer: { kind: typst, template: card.typ }
format: 4x6
image_host: { kind: folder }
printer: { kind: print-shop, name: print-shop }
mail_class: first_class
offer_ends_on: 2020-06-30
`;

function told({ code, stdout, stderr }: Said, wanted: number, ...words: RegExp[]): void {
  assert.equal(code, wanted, `${stdout}\n${stderr}`);
  for (const word of words) assert.match(`${stdout}\n${stderr}`, word);
}

it('an own list with dirt becomes cards, and each mistake is told before anything is printed', async () => {
  await using project = await newProject();
  const { postrider, edit } = project;
  project.write('people.csv', LIST);
  project.write('card.typ', TEMPLATE);
  project.write('campaign.yaml', CAMPAIGN);
  const apply = async (...args: string[]): Promise<Said> =>
    await postrider('campaign', 'apply', 'campaign.yaml', ...args);

  // Of the file: all that is wrong is told at once, each with its place.
  told(await postrider('status'), 78, /run `postrider migrate`/);
  told(await postrider('migrate'), 0);
  told(
    await apply(),
    78,
    /campaign\.yaml:5:\d+: audience.*10 commas in it, "Customer ID,E-mail.*delimiter/,
    /nothing was changed/,
  );
  edit('campaign.yaml', ', delimiter: ";"', '');
  told(await apply(), 78, /"Building" looks like a part of an address.*columns/);
  edit('campaign.yaml', 'people.csv', 'people.csv, columns: { line2: Building }');
  told(await apply(), 78, /the field "code" is blank or missing .*; the list has "Code"/);
  edit('card.typ', 'card.code', 'card.Code');
  told(await apply(), 78, /6:\d+: renderer\.template: .*a printed QR code needs at least 0\.8in/);
  edit('card.typ', '0.4in', '1in');
  told(await apply(), 78, /renderer\.template: the back has no address.*address-block/);
  edit('card.typ', 'size: 1in))', 'size: 1in))\n  address-block(card)');
  told(await postrider('print-shop', 'start', '--days-per-second', '20'), 0);

  // Of the list: by the rules of a sync, before there is anybody.
  told(
    await apply(),
    0,
    /Building +line2/,
    /of its 11 rows 7 could be mailed, 1 in a household that is in already/,
    /bad_address 1 \(row 6: region: ZZ is no state of US\)/,
    /conflicting_id 1 \(row 10: /,
    /no_address 1 \(row 11: /,
    /unwrapped 2 /,
    /machine_word 1 .*"NULL"/,
  );
  told(await postrider('preview', 'spring', '--row', '2', '--out', 'proofs'), 0, /proofs/);
  told(await postrider('preview', 'spring', '--out', '/proc/none'), 73);
  told(await postrider('sync', 'sprng'), 1, /spring/, /[Nn]othing was changed/);
  told(await postrider('sync', 'spring'), 0, /conflicting +1/, /bad_address 1/);
  told(await postrider('why', '1004'), 0, /ZZ is no state of US/);
  told(await postrider('why', '1006'), 0, /same e-mail or household/);

  // Of opt-outs: an export of subscribers is none, and any of a person's addresses counts.
  const shop = ['suppress', '--organization', 'Corner Shop', '--file'];
  project.write('export.csv', 'Email,Status\nada@example.com,subscribed\n');
  told(await postrider(...shop, 'export.csv'), 65, /"subscribed".*--only/s);
  project.write('stop.csv', 'Email Address\nBen.Work@Example.com\n');
  told(await postrider(...shop, 'stop.csv'), 0);
  told(await postrider('why', '1002'), 0, /do-not-mail list.*opted out/);

  // Of the launch: the offer is over before a card could arrive.
  told(
    await postrider('campaign', 'launch', 'spring', '--live', '--arm', '--yes'),
    1,
    /offer.*2020-06-30/,
    /[Nn]othing was changed/,
  );
  edit('campaign.yaml', 'offer_ends_on: 2020-06-30\n', '');
  told(await apply(), 0, /offer_ends_on/);
  assert.deepEqual(project.printed(), []);

  // A test: nobody gets a card, and it says so wherever it is seen.
  told(await postrider('campaign', 'launch', 'spring'), 0, /test/);
  told(await postrider('run', '--once', '--no-http'), 0);
  told(await postrider('status'), 0, /test/);
  told(await postrider('why', '1001'), 0, /test.*nothing (was|is) printed/i);
  assert.deepEqual(project.printed(), []);

  // Live, with one address corrected before the printer has it.
  told(await postrider('hold', 'campaign', 'spring', '--why', 'one address is old'), 0);
  told(await postrider('campaign', 'launch', 'spring', '--live', '--yes'), 1, /arm/);
  told(
    await postrider('campaign', 'launch', 'spring', '--live', '--arm', '--yes'),
    0,
    /cards +6 /,
    /contact sheet/,
  );
  told(await postrider('amend', '1010', '--set', 'line1=26 Elm St', '--why', 'moved', '--yes'), 0);
  told(await postrider('run', '--once', '--no-http'), 0);
  assert.deepEqual(project.printed(), []);
  told(await postrider('release', 'campaign', 'spring'), 0);
  told(await postrider('run', '--once', '--no-http'), 0, /6 mailed in all/);
  assert.deepEqual(await project.printedAll(6), [
    'Ada Byron, 12 Elm St, Boston, MA, 02138',
    'Eve Jay, PO Box 12, Cambridge, MA, 02138',
    'Fay Kent, 20 Elm St, Boston, MA, 02138',
    'Hay, 16 Elm St, Boston, MA, 02138',
    'Ivy Nash, 22 Elm St, Bldg C, Boston, MA, 02138',
    'Jan Otis, 26 Elm St, Boston, MA, 02138',
  ]);

  // Once is once.
  told(await postrider('run', '--once', '--no-http'), 0);
  assert.equal((await project.printedAll(6)).length, 6);
});
