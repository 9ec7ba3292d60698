/** `amend`: name, address or merge data of one person, before the printer has the card. */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, flag, text, type Act } from '../program/command.ts';
import { open } from './open-database.ts';

export function amending(program: Command, act: Act): void {
  command(
    program,
    'amend',
    'Corrects name, address or merge data of a person before the printer has the card. ' +
      'The card is made anew, and the rules of a sync hold: what they would not take is refused. ' +
      'It holds against the list until the list itself says something else.',
    [
      'postrider amend ada@example.com --set line2="Apt 4" --why "she called"',
      'postrider amend C1015 --set line1="9 Oak St" --set city=Oakland ' +
        '--set postal_code=94607 --dry-run',
      'postrider amend C1015 --set merge.offer=B --unset merge.code',
    ],
  )
    .argument('<who>', 'by e-mail, customer id, reference or id')
    .option(
      '--set <field=value>',
      'first_name, last_name, line1, line2, city, region, postal_code, country, ' +
        'or merge.<field>; without a value: blank, as in a blank cell. May be given several times',
      several,
    )
    .option('--unset <field>', 'there is no such field; may be given several times', several)
    .option('--campaign <name>', 'only in this campaign')
    .option('--organization <name>', 'whose customer it is, where an id is used by several')
    .option('--why <sentence>', 'shown by trace, why and interventions')
    .option('--dry-run', 'show before and after and what would follow, and change nothing')
    .option('--yes', 'do not ask where it is more than one campaign')
    .action(
      act(async (cli, [given = ''], options) => {
        const { amendPerson, fieldsGiven } = await import('../operate/amend.ts');
        const { fields, notes } = fieldsGiven(listOf(options['set']), listOf(options['unset']));
        const campaign = text(options['campaign']);
        if (campaign !== undefined && options['organization'] !== undefined)
          throw new UserError(
            exitCodes.usage,
            'give --campaign or --organization',
            'a campaign may be given as organization/name; nothing was changed',
          );
        for (const note of notes) cli.out.note(note);
        await using database = await open(cli);
        await amendPerson(cli, database.sql, {
          given,
          campaign,
          organization: text(options['organization']),
          fields,
          why: text(options['why']) ?? null,
          dryRun: flag(options['dryRun']),
          yes: flag(options['yes']),
        });
      }),
    );
}

function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
