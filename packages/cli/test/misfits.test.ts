/** `campaign apply` refuses what the adapters of the campaign cannot make of it. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  createNoopImageHost,
  createNoopPrinter,
  createNoopRenderer,
} from '@postrider/adapters/noop';
import type { CardAbilities, MediaType } from '@postrider/core/ports';
import type { CampaignDraft } from '../src/campaign-file/read.ts';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { misfitProblems } from '../src/operate/misfits.ts';
import { bakery, cli, projectHome, type CliRun } from './cli.ts';

interface AppliedPlace {
  /** The campaign file. */
  readonly text: string;
  readonly sql: Machine['sql'];
  apply(...options: readonly string[]): Promise<CliRun>;
}

async function place(t: TestContext, change: (text: string) => string): Promise<AppliedPlace> {
  const home = projectHome();
  t.after(() => home.remove());
  const machine = await freshMachine();
  t.after(async () => await machine[Symbol.asyncDispose]());
  const folder = join(home.path, 'bakery');
  cpSync(bakery, folder, { recursive: true });
  const file = join(folder, 'campaign.yaml');
  const was = readFileSync(file, 'utf8');
  const text = change(was);
  assert.notEqual(text, was);
  writeFileSync(file, text);
  const apply = async (...options: readonly string[]): Promise<CliRun> =>
    await cli({ url: machine.url, home: home.path }, ['campaign', 'apply', ...options, file]);
  return { text, sql: machine.sql, apply };
}

void test('what the renderer makes and nobody takes is refused when the campaign is applied', async (t) => {
  const { text, apply } = await place(t, (bakery) => bakery.replace('kind: typst', 'kind: noop'));
  const run = await apply();
  assert.equal(run.code, 78, run.stderr);
  const line = text.split('\n').findIndex((one) => one.includes('kind: folder')) + 1;
  assert.match(
    run.stderr,
    new RegExp(
      `campaign\\.yaml:${line}:\\d+: image_host\\.kind: ` +
        `folder takes application/pdf, image/png, image/jpeg, text/plain, ` +
        `and the renderer noop makes application/x-noop: ` +
        `choose another image_host, or another renderer`,
    ),
  );
});

void test('a format and a mail class that do not fit are refused in one round, and nothing is changed', async (t) => {
  const { text, apply, sql } = await place(t, (bakery) =>
    bakery
      .replace('format: 4x6', 'format: 4x7')
      .replace('mail_class: first_class', 'mail_class: pigeon'),
  );
  const lineOf = (word: string): number =>
    text.split('\n').findIndex((one) => one.startsWith(word)) + 1;
  for (const options of [[], ['--dry-run'], ['--dry-run', '--no-check'], ['--list-later']]) {
    const run = await apply(...options);
    assert.equal(run.code, 78, run.stderr);
    for (const told of [
      `campaign.yaml:${lineOf('format')}:1: format: no card can be 4x7: ` +
        'the renderer typst sets 4x6, 6x9, 6x11, ' +
        'and the printer print-shop prints 4x6, 6x9, 6x11; did you mean 4x6?',
      `campaign.yaml:${lineOf('mail_class')}:1: mail_class: ` +
        'the printer print-shop offers first_class, standard, and not pigeon; ' +
        'choose first_class or standard, or another printer',
    ])
      assert.ok(run.stderr.includes(told), run.stderr);
  }
  assert.equal((await sql`select from postrider.organization`).length, 0);
});

/** As far as it is looked at. */
function draftOf(fields: Readonly<Record<string, unknown>>): CampaignDraft {
  return {
    raw: {
      renderer: { kind: 'easel' },
      image_host: { kind: 'wall' },
      printer: { kind: 'press' },
      ...fields,
    },
    problem: (field: string, message: string) => ({ field, message }),
  } as unknown as CampaignDraft;
}

void test('a printer is looked at by the very type that will be made', () => {
  const draft = draftOf({});
  const found = (printer: readonly MediaType[]): unknown =>
    misfitProblems(draft, {
      renderer: { ...createNoopRenderer(), makes: ['image/png', 'application/pdf'] },
      imageHost: { ...createNoopImageHost(), takes: ['application/pdf', 'image/png'] },
      printer: { ...createNoopPrinter(), takes: printer },
    });
  assert.deepEqual(found(['image/png']), []);
  assert.deepEqual(found(['application/pdf', 'image/jpeg']), [
    {
      field: 'printer.kind',
      message:
        'press takes application/pdf, image/jpeg, ' +
        'and the renderer easel makes image/png: ' +
        'choose another printer, or another renderer',
    },
  ]);
});

function told(fields: Readonly<Record<string, unknown>>, made: CardAbilities): string[] {
  return misfitProblems(draftOf(fields), made).map(({ field, message }) => `${field}: ${message}`);
}

void test('a format is refused that either side does not have, with what both have', () => {
  const asked = { format: '6x11', mail_class: 'first_class' };
  const easel = { formats: ['4x6', '6x9', '6x11'] };
  assert.deepEqual(told(asked, { renderer: easel, printer: easel }), []);
  assert.deepEqual(told(asked, { renderer: easel, printer: { formats: ['6x9', '4x6'] } }), [
    'format: no card can be 6x11: the renderer easel sets 4x6, 6x9, 6x11, ' +
      'and the printer press prints 6x9, 4x6; choose 4x6 or 6x9',
  ]);
  assert.deepEqual(told(asked, { renderer: easel, printer: { formats: ['a6'] } }), [
    'format: no card can be 6x11: the renderer easel sets 4x6, 6x9, 6x11, ' +
      'and the printer press prints a6; choose another printer, or another renderer',
  ]);
});

void test('who lists no formats and no mail classes takes any', () => {
  const asked = { format: '6x12', mail_class: 'pigeon' };
  assert.deepEqual(told(asked, { renderer: {}, printer: {} }), []);
  assert.deepEqual(told(asked, { renderer: {}, printer: { formats: ['6x11'] } }), [
    'format: no card can be 6x12: the renderer easel sets any, ' +
      'and the printer press prints 6x11; did you mean 6x11?',
  ]);
});

void test('a mail class is refused that the printer does not offer', () => {
  const printer = { mailClasses: ['first_class', 'standard'] };
  assert.deepEqual(told({ mail_class: 'standard' }, { printer }), []);
  assert.deepEqual(told({ mail_class: 'firstclass' }, { printer }), [
    'mail_class: the printer press offers first_class, standard, and not firstclass; ' +
      'did you mean first_class?',
  ]);
  assert.deepEqual(told({ mail_class: 'pigeon' }, { printer }), [
    'mail_class: the printer press offers first_class, standard, and not pigeon; ' +
      'choose first_class or standard, or another printer',
  ]);
});

void test('of adapters that cannot be made, what their provider lists counts', () => {
  const fields = {
    renderer: { kind: 'typst' },
    printer: { kind: 'print-shop' },
    format: '4x7',
    mail_class: 'pigeon',
  };
  const found = told(fields, {});
  assert.deepEqual(
    found.map((line) => line.split(':')[0]),
    ['format', 'mail_class'],
  );
  assert.match(found[0] ?? '', /typst sets 4x6, .*print-shop prints 4x6, .*did you mean 4x6\?$/);
});
