import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNoopImageHost, createNoopPrinter, createNoopRenderer } from '@postrider/adapters';
import type { MediaType } from '@postrider/core/ports';
import { freshMachine } from '../../../test/support/machine.ts';
import type { CampaignDraft } from '@postrider/runner/campaign-file';
import { misfits } from '../src/operate/media.ts';
import { bakery, cli, projectHome } from './cli.ts';

void test('what the renderer makes and nobody takes is refused when the campaign is applied', async (t) => {
  const home = projectHome();
  t.after(() => home.remove());
  await using machine = await freshMachine();
  const folder = join(home.path, 'bakery');
  cpSync(bakery, folder, { recursive: true });
  const file = join(folder, 'campaign.yaml');
  const text = readFileSync(file, 'utf8').replace('kind: typst', 'kind: noop');
  assert.match(text, /kind: noop/);
  writeFileSync(file, text);
  const run = await cli({ url: machine.url, home: home.path }, ['campaign', 'apply', file]);
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

void test('a printer is looked at by the very type that will be made', () => {
  const raw = {
    renderer: { kind: 'easel' },
    image_host: { kind: 'wall' },
    printer: { kind: 'press' },
  };
  const draft = {
    raw,
    problem: (field: string, message: string) => ({ field, message }),
  } as unknown as CampaignDraft;
  const found = (printer: readonly MediaType[]): unknown =>
    misfits(
      { ...createNoopRenderer(), makes: ['image/png', 'application/pdf'] },
      { ...createNoopImageHost(), takes: ['application/pdf', 'image/png'] },
      { ...createNoopPrinter(), takes: printer },
      draft,
    );
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
