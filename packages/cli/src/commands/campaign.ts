/** `campaign`: applied from a file, launched, paused, shown, ended. */
import { kinds } from '@postrider/adapters/kinds';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import type { Cli } from '../program/cli.ts';
import { command, flag, oneOf, text, type Act } from '../program/command.ts';
import { open } from './open-database.ts';

const named = 'by name, by organization/name, or by id';

/** Such as `Adapters: audience csv, ndjson; renderer typst`. */
function adapterKinds(): string {
  const ports = Object.entries(kinds).map(([port, names]) => `${port} ${names.join(', ')}`);
  return `Adapters: ${ports.join('; ')}`;
}

export function campaigns(program: Command, act: Act): void {
  const campaign = command(
    program,
    'campaign',
    'Campaigns: made from a file, launched, paused, shown, ended.',
    [
      'postrider campaign apply examples/bakery/campaign.yaml',
      'postrider campaign launch bakery-welcome --live --arm',
      'postrider campaign show bakery-welcome',
    ],
  );
  applying(campaign, act);
  launching(campaign, act);
  pausing(campaign, act);
  ending(campaign, act);
  showing(campaign, act);
  listing(campaign, act);
}

function applying(campaign: Command, act: Act): void {
  command(
    campaign,
    'apply',
    'Makes a campaign of a file, or changes it to what the file says. ' +
      'Reads the first rows of its list, shows which column is what and how many people could be ' +
      'mailed, and sets their cards, so that a mistake shows now and not later.',
    [
      'postrider campaign apply examples/bakery/campaign.yaml',
      'postrider campaign apply campaign.yaml --dry-run',
    ],
  )
    .argument('<file>', `YAML or JSON; docs/reference/campaign-file.md. ${adapterKinds()}`)
    .option('--dry-run', 'check it and change nothing')
    .option(
      '--list-later',
      'the list is not there yet, or not as it will be: what is wrong with it is a warning',
    )
    .option('--no-check', 'do not try out list and template')
    .action(
      act(async (cli, [file = ''], options) => {
        const { applyFile } = await import('../operate/apply.ts');
        const list =
          options['check'] === false ? 'unread' : flag(options['listLater']) ? 'later' : 'now';
        await applyFile(cli, file, { dryRun: flag(options['dryRun']), list });
      }),
    );
}

function launching(campaign: Command, act: Act): void {
  command(
    campaign,
    'launch',
    'Makes a campaign active: only now does mail leave. ' +
      'Says before how many cards go, what they cost and whom the rules turned away, ' +
      'and makes pictures of some cards. In test mode, unless told, nothing is ever printed. ' +
      'With --live a test goes live: its cards are put aside, and nobody counts as mailed. ' +
      'What would stop every card is refused.',
    [
      'postrider campaign launch bakery-welcome',
      'postrider campaign launch bakery-welcome --live --arm --dry-run',
      'postrider campaign launch bakery-welcome --live --arm',
    ],
  )
    .argument('<name>', named)
    .option(
      '--live',
      'for real: cards are printed and cost money; asks for the name of the campaign',
    )
    .option('--test', 'as a test: what it is without --live')
    .option('--arm', 'with --live: arm its printer for live printing too')
    .option('--dry-run', 'show what it would do, and launch nothing')
    .option(
      '--sheet <dir>',
      'where the pictures go: names and addresses of people; out/launch/<name> unless told',
    )
    .option('--no-sheet', 'make no pictures')
    .option('--why <sentence>', 'shown by interventions and trace')
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, [name = ''], options) => {
        const { launchCampaign } = await import('../operate/launch.ts');
        if (flag(options['live']) && flag(options['test']))
          throw new UserError(
            exitCodes.usage,
            '--live and --test exclude each other',
            'nothing was changed',
          );
        await launchCampaign(cli, name, {
          live: flag(options['live']),
          arm: flag(options['arm']),
          yes: flag(options['yes']),
          dryRun: flag(options['dryRun']),
          sheet: options['sheet'] === false ? false : (text(options['sheet']) ?? null),
          why: text(options['why']) ?? null,
        });
      }),
    );
}

function pausing(campaign: Command, act: Act): void {
  command(campaign, 'pause', 'Holds a campaign: the same as `postrider hold campaign`.', [
    'postrider campaign pause bakery-welcome --why "wrong price"',
  ])
    .argument('<name>', named)
    .option('--why <sentence>', 'shown by stuck and why')
    .action(
      act(async (cli, [name = ''], options) => {
        const { pauseCampaign } = await import('../operate/pause-and-end.ts');
        await pauseCampaign(cli, name, text(options['why']) ?? null);
      }),
    );
}

function ending(campaign: Command, act: Act): void {
  command(
    campaign,
    'end',
    'Ends a campaign. People who are not sent yet are skipped; ' +
      'those who are sent are still followed.',
    [
      'postrider campaign end bakery-welcome --as completed',
      'postrider campaign end bakery-welcome --as archived   # for good: nobody is tried again',
    ],
  )
    .argument('<name>', named)
    .addOption(
      oneOf('--as <status>', 'how it ends', ['completed', 'archived']).makeOptionMandatory(),
    )
    .option('--why <sentence>', 'shown by interventions and trace')
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, [name = ''], options) => {
        const { endCampaignNamed } = await import('../operate/pause-and-end.ts');
        const status = options['as'] === 'archived' ? 'archived' : 'completed';
        await endCampaignNamed(cli, name, status, {
          yes: flag(options['yes']),
          why: text(options['why']) ?? null,
        });
      }),
    );
}

function showing(campaign: Command, act: Act): void {
  command(
    campaign,
    'show',
    'Everything about one campaign: settings, funnel, reasons, the last syncs.',
    ['postrider campaign show bakery-welcome'],
  )
    .argument('<name>', named)
    .action(
      act(async (cli, [name = '']) => {
        const { showCampaign } = await import('../operate/campaign-show.ts');
        await showCampaign(cli, name);
      }),
    );
}

function listing(campaign: Command, act: Act): void {
  command(campaign, 'list', 'All campaigns.', ['postrider campaign list --json']).action(
    act(async (cli) => {
      await listCampaigns(cli);
    }),
  );
}

async function listCampaigns(cli: Cli): Promise<void> {
  await using database = await open(cli);
  const rows = await database.sql<Record<string, string | null>[]>`
    select * from postrider.campaigns order by organization, created_at, id`;
  const column = (title: string, from = title) => ({
    title,
    value: (row: Record<string, string | null>) => row[from] ?? null,
  });
  cli.out.list(
    rows,
    [
      column('organization'),
      { ...column('campaign', 'name'), style: () => 'bold' as const },
      column('status'),
      column('mode'),
      column('kind', 'campaign_mode'),
      column('printer'),
      column('syncing'),
    ],
    { nothing: 'no campaign yet; apply one: postrider campaign apply <file>' },
  );
}
