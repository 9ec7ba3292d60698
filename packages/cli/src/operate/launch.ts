/**
 * Launching a campaign, and going from test to live: what it would do is shown first, with cards as
 * pictures, and what would stop every card is refused before anybody is asked.
 */
import {
  goLive,
  isMachineError,
  launch,
  launchPreview,
  MachineError,
  type LaunchBlocker,
  type LaunchPreview,
} from '@postrider/core';
import { openDatabase } from '@postrider/runner/database';
import { UserError, exitCodes } from '@postrider/runner/process';
import { asArgument, asCommand } from '../output/as-command.ts';
import { confirm } from '../output/confirm.ts';
import type { Cli } from '../program/cli.ts';
import { makeContactSheet, type ContactSheet } from './contact-sheet.ts';
import { wentLive } from './went-live.ts';
import { showLaunch } from './launch-summary.ts';
import { printedOtherwise } from './printed-names.ts';
import { campaignNamed, type CampaignRow } from './names.ts';

export interface LaunchCampaignOptions {
  readonly live: boolean;
  readonly arm: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** Where the pictures go; null: a folder of the project. False: none are made. */
  readonly sheet: string | null | false;
  readonly why: string | null;
}

export async function launchCampaign(
  cli: Cli,
  name: string,
  options: LaunchCampaignOptions,
): Promise<void> {
  if (options.arm && !options.live)
    throw new UserError(
      exitCodes.usage,
      '--arm goes with --live',
      'a test prints nothing and needs no armed printer; nothing was changed',
    );
  await using database = await openDatabase(cli);
  const { sql } = database;
  const campaign = await campaignNamed(sql, name);
  const mode = options.live ? 'live' : 'test';
  const { arm } = options;
  const preview = await launchPreview(sql, campaign, { mode, arm });
  const refused = refusedOf(preview);
  const looks = options.dryRun || (refused.length === 0 && !isActiveAlready(preview));
  const sheet =
    options.sheet === false || !looks
      ? null
      : await makeContactSheet(cli, sql, campaign, options.sheet);
  const otherwise = await printedOtherwise(sql, campaign, preview);
  if (!cli.out.json) showLaunch(cli.out, campaign, { preview, sheet, arm, otherwise });
  refuse(refused, campaign.name);
  refuseUnprintable(sheet, campaign.name);
  const report = { campaign: campaign.name, campaignId: campaign.campaignId, mode, armed: arm };
  if (options.dryRun) {
    cli.out.result(
      {
        ...report,
        status: preview.status,
        dryRun: true,
        preview,
        sheet,
        printedOtherwise: otherwise,
      },
      `${campaign.name} is ${preview.status}, and nothing was changed: this was a dry run`,
    );
    return;
  }
  if (options.live) await ask(cli, campaign, preview, options);
  if (preview.test !== null) {
    const went = await goLive(sql, campaign, { why: options.why, arm }).catch((error: unknown) => {
      throw withCommands(error, campaign.name);
    });
    cli.out.result({ ...report, ...went, preview, sheet }, wentLive(campaign.name, went));
    return;
  }
  const status = await launch(sql, campaign, { mode, why: options.why, arm }).catch(
    (error: unknown) => {
      throw withCommands(error, campaign.name);
    },
  );
  const how = campaign.status === 'active' ? 'was active already' : `is ${status}`;
  cli.out.result(
    { ...report, status, preview, sheet },
    `${campaign.name} ${how} in ${mode} mode` +
      (mode === 'test' ? ': proofs are made and submitted as tests, nothing is printed' : ''),
  );
}

async function ask(
  cli: Cli,
  campaign: CampaignRow,
  { test }: LaunchPreview,
  { arm, yes }: LaunchCampaignOptions,
): Promise<void> {
  const goes = test === null ? 'goes live' : 'goes from test to live';
  await confirm(cli.out, {
    what:
      `${campaign.name} of ${campaign.organization} ${goes}: ` +
      `printer ${campaign.printer} ${arm ? 'is armed, and ' : ''}prints and posts ` +
      'real cards.',
    expect: campaign.name,
    yes,
  });
}

const ofTheLaunch: readonly LaunchBlocker['blocker'][] = [
  'not_launchable',
  'mode_frozen',
  'connection_mode',
  'printer_not_armed',
];

/** It is not launched again: only the mode and the printer may be refused. */
function isActiveAlready({ status, test }: LaunchPreview): boolean {
  return status === 'active' && test === null;
}

function refusedOf(preview: LaunchPreview): readonly LaunchBlocker[] {
  const { blockers } = preview;
  return isActiveAlready(preview)
    ? blockers.filter(({ blocker }) => ofTheLaunch.includes(blocker))
    : blockers;
}

function refuse(blockers: readonly LaunchBlocker[], name: string): void {
  const [first] = blockers;
  if (first === undefined) return;
  throw new MachineError(first.code, first.message, {
    hint: asCommand(first.whatHelps, name),
    detail: { blockers },
  });
}

/**
 * The first cards stand for all of them: a template that spoils each of these spoils every card.
 */
function refuseUnprintable(sheet: ContactSheet | null, name: string): void {
  const cards = sheet?.cards ?? [];
  const [first] = cards.flatMap(({ faults }) => faults);
  if (first === undefined || cards.some(({ faults }) => faults.length === 0)) return;
  throw new UserError(
    exitCodes.configuration,
    `none of the ${cards.length} cards of the contact sheet would be printed: ${first}`,
    'correct the template and apply the campaign file again, or launch without a look: ' +
      `postrider campaign launch ${asArgument(name)} --no-sheet. Nothing was changed`,
  );
}

/** What helps is told as a command, with the name of this campaign. */
function withCommands(error: unknown, name: string): unknown {
  return isMachineError(error)
    ? Object.assign(error, { hint: asCommand(error.hint, name) })
    : error;
}
