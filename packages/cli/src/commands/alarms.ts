/** `alarms`: what needs a person, and `alarms clear` once somebody has looked. */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, text, type Act } from '../program/command.ts';
import type { Fields } from '../output/table.ts';
import { relative } from '../output/text.ts';
import { asCommand } from '../output/as-command.ts';
import { open } from './open-database.ts';

export function alarms(program: Command, act: Act): void {
  const listed = command(
    program,
    'alarms',
    'What needs a person: evidence that contradicts, statuses that nobody knows.',
    ['postrider alarms', 'postrider alarms clear 0198c0de-… --why "the shop printed one by hand"'],
  );
  listed.action(
    act(async (cli) => {
      await using database = await open(cli);
      const rows = await database.sql<AlarmRow[]>`
        select
          id, kind, campaign, recipient_id, mailpiece_id, detail, meaning, what_helps, raised_at
        from postrider.alarms
        order by raised_at, id`;
      if (cli.out.json) for (const row of rows) cli.out.emit(row);
      else if (rows.length === 0) cli.out.note('no alarm is open');
      else cli.out.records(rows.map(alarmFields));
    }),
  );
  command(listed, 'clear', 'Clears an alarm. What came of it stays in the trace of the person.', [
    'postrider alarms clear 0198c0de-… --why "looked at: harmless"',
  ])
    .argument('<id>', 'as `postrider alarms` shows it')
    .requiredOption('--why <sentence>', 'what came of it')
    .action(
      act(async (cli, [id = ''], options) => {
        if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id))
          throw new UserError(
            exitCodes.usage,
            `${id} is not the id of an alarm`,
            '`postrider alarms` shows it',
          );
        await using database = await open(cli);
        const { clearAlarm } = await import('@postrider/core');
        const at = await clearAlarm(database.sql, id, text(options['why']) ?? '');
        cli.out.result({ id, clearedAt: at }, `alarm ${id} is cleared`);
      }),
    );
}

interface AlarmRow {
  readonly id: string;
  readonly kind: string;
  readonly campaign: string | null;
  readonly recipient_id: string | null;
  readonly mailpiece_id: string | null;
  readonly meaning: string;
  readonly what_helps: string;
  readonly raised_at: Date;
}

function alarmFields(row: AlarmRow): Fields {
  return [
    [
      '',
      `${row.kind}, ${relative(row.raised_at)}${row.campaign === null ? '' : `, ${row.campaign}`}`,
    ],
    ['meaning', row.meaning],
    ['helps', asCommand(row.what_helps, row.campaign ?? '')],
    ...(row.recipient_id === null ? [] : [['recipient', row.recipient_id] as const]),
    ...(row.mailpiece_id === null ? [] : [['mailpiece', row.mailpiece_id] as const]),
    // These end by themselves.
    ...(['beat_failing', 'work_failing'].includes(row.kind)
      ? []
      : [['clear', `postrider alarms clear ${row.id} --why "…"`] as const]),
  ];
}
