/** Two organizations that print at one shop. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { freshMachine } from '../../../test/support/machine.ts';
import { cli, projectHome, shortBakery, startRunner, type CliPlace } from './cli.ts';
import { until } from './until.ts';

it('reports to each organization that prints there, and to each what is its own', async () => {
  const home = projectHome();
  await using machine = await freshMachine();
  const place: CliPlace = { url: machine.url, home: home.path };
  const postrider = async (...args: string[]): Promise<void> => {
    const run = await cli(place, args);
    assert.equal(run.code, 0, `${args.join(' ')}: ${run.stderr}`);
  };
  const launch = async (organization: string, folder: string): Promise<void> => {
    const file = join(folder, `${organization}.yaml`);
    writeFileSync(
      file,
      readFileSync(join(folder, 'campaign.yaml'), 'utf8').replace(
        'Flour & Field Bakery',
        organization,
      ),
    );
    await postrider('campaign', 'apply', file, '--no-check');
    await postrider('sync', `${organization}/bakery-welcome`);
    await postrider(
      'campaign',
      'launch',
      `${organization}/bakery-welcome`,
      '--live',
      '--arm',
      '--yes',
    );
  };
  const received = async (): Promise<number> =>
    (
      await machine.sql`
        select
        from postrider.organizations o
        where exists (
          select
          from postrider.recipients r
          where r.organization_id = o.id
            and r.state = 'received'
        )
          and not exists (
            select
            from postrider.recipients r
            where r.organization_id = o.id
              and r.state in ('pending', 'proofed', 'sending', 'sent')
          )`
    ).length;
  try {
    const folder = shortBakery(home.path, 6);
    await postrider('print-shop', 'start', '--days-per-second', '0');
    await launch('Alpha', folder);
    await launch('Beta', folder);
    // Without an address both are polled, and what is polled is the whole shop's.
    for (let round = 0; round < 2; round += 1)
      await postrider('run', '--once', '--no-sync', '--no-http');
    const [told] = await machine.sql<{ own: number; strange: number }[]>`
      select count(m.id)::int as own, (count(*) - count(m.id))::int as strange
      from postrider.mailpiece_event e
      left join postrider.mailpiece m
        on m.organization_id = e.organization_id
        and m.provider_id = e.provider_id`;
    assert.ok((told?.own ?? 0) > 0);
    assert.equal(told?.strange, 0);
    await postrider('print-shop', 'stop');

    await postrider('print-shop', 'start', '--days-per-second', '5');
    const runner = await startRunner(place);
    await until('the cards of both are received', async () => (await received()) === 2);
    await runner.stop();
  } finally {
    await cli(place, ['print-shop', 'stop']);
    home.remove();
  }
});
