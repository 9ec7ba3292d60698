/** `claim`: what a printer asks for with a claim for a refund, in one archive. */
import type { ClaimResult } from '@postrider/core';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, flag, text, time, type Act, type Options } from '../program/command.ts';
import { open } from './open-database.ts';

/** What became of cards, by the option that names it. */
const resultOf: Readonly<Record<string, ClaimResult>> = {
  overdue: 'overdue',
  silent: 'silent',
  returned: 'returned',
  failed: 'failed',
  cancelled: 'cancelled',
  delivered: 'delivered',
  onItsWay: 'on_its_way',
};

export function claims(program: Command, act: Act): void {
  command(
    program,
    'claim',
    'Makes a claim pack: an archive (.zip) with request, answer, events, dates and hashes of ' +
      'the artwork of live cards, as printers ask for with a claim for a refund. Secrets, and ' +
      'what is of other people, are taken out.',
    [
      'postrider claim --campaign spring --overdue --dry-run',
      'postrider claim --campaign spring --returned --since 2026-11-01T00:00:00Z',
      'postrider claim psc_208e45e48d271294 --out ada.zip',
    ],
  )
    .argument('[pieces...]', 'cards, by the id of a mailpiece or that of its printer')
    .option('--campaign <name>', 'cards of this campaign: all, or those named below')
    .option('--overdue', 'cards that are later than expected')
    .option('--silent', 'cards that were assumed to be there, without a word of their delivery')
    .option('--returned', 'cards that came back')
    .option('--failed', 'cards that the printer failed to make')
    .option('--cancelled', 'cards that were called back')
    .option('--delivered', 'cards that were delivered')
    .option('--on-its-way', 'cards that are not late yet')
    .option('--since <time>', 'only cards that the printer accepted then or later', time)
    .option('--until <time>', 'only cards that the printer accepted before then', time)
    .option('--printer <name>', 'only cards of this printer: a claim goes to one')
    .option('--organization <name>', 'whose cards, where ids are used by several')
    .option('--out <file>', 'the archive; claim-<campaign>.zip unless told')
    .option('--force', 'replace the file where there is one')
    .option('--dry-run', 'only say how many cards it would be, and of what kind')
    .action(
      act(async (cli, pieces, options) => {
        const campaign = text(options['campaign']);
        requireOneWay(pieces, campaign);
        await using database = await open(cli);
        const { makeClaim } = await import('../operate/claim.ts');
        await makeClaim(cli, database.sql, {
          pieces,
          campaign: campaign ?? null,
          which: whichOf(options),
          since: timeOf(options['since']),
          until: timeOf(options['until']),
          printer: text(options['printer']) ?? null,
          organization: text(options['organization']),
          out: text(options['out']) ?? null,
          force: flag(options['force']),
          dryRun: flag(options['dryRun']),
        });
      }),
    );
}

function whichOf(options: Options): readonly ClaimResult[] {
  return Object.keys(resultOf).flatMap((name) => {
    const result = resultOf[name];
    return result !== undefined && flag(options[name]) ? [result] : [];
  });
}

function timeOf(given: unknown): Date | null {
  return given instanceof Date ? given : null;
}

function requireOneWay(pieces: readonly string[], campaign: string | undefined): void {
  if ((pieces.length === 0) === (campaign === undefined))
    throw new UserError(
      exitCodes.usage,
      'say which cards: by their ids, or --campaign',
      'for example: postrider claim --campaign spring --overdue --dry-run; nothing was written',
    );
}
