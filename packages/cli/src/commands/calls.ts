/** `calls`: what providers were asked, and what they answered; of a card word for word. */
import { exitCodes, UserError } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, number, text, time, wholeNumber, type Act } from '../program/command.ts';
import { clock, printableLines, zone } from '../output/text.ts';
import { open } from './open-database.ts';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function providerCalls(program: Command, act: Act): void {
  command(
    program,
    'calls',
    'What printers and other providers were asked, and what they answered: the last first. ' +
      'Of a card each request and answer is shown, without secrets.',
    [
      'postrider calls --mailpiece 0198c0de-…   # to argue with the printer about a card',
      'postrider calls --connection lob-main --since 2026-11-24T18:00:00Z --json',
    ],
  )
    .option('--mailpiece <id>', 'only about this card, with request and answer')
    .option('--connection <name>', 'only by this connection; or of this printer without one')
    .option('--since <time>', 'only from then on', time)
    .option('--limit <n>', 'at most so many; 50 unless told', wholeNumber(1))
    .action(
      act(async (cli, _args, options) => {
        const mailpiece = text(options['mailpiece'])?.toLowerCase();
        if (mailpiece !== undefined && !UUID.test(mailpiece))
          throw new UserError(
            exitCodes.usage,
            `${mailpiece} is not the id of a mailpiece`,
            '`postrider trace <who>` shows those of a person',
          );
        await using database = await open(cli);
        const about = mailpiece === undefined ? null : await idsOf(database.sql, mailpiece);
        const since = options['since'];
        const from = since instanceof Date ? since : null;
        const name = text(options['connection']) ?? null;
        const rows = await database.sql<CallRow[]>`
          select
            started_at, (extract(epoch from duration) * 1000)::float8 as duration_ms, connection,
            provider, who, route, about, outcome, status, error, hung_up, provider_request_id,
            request, answer, erased_at, id, organization_id
          from postrider.provider_calls
          where (${about}::text[] is null or about && ${about}::text[])
            and (${from}::timestamptz is null or started_at >= ${from}::timestamptz)
            and (${name}::text is null or coalesce(connection, who) = ${name}::text)
          order by started_at desc, id
          limit ${number(options['limit']) ?? 50}`;
        if (mailpiece === undefined || cli.out.json || rows.length === 0) {
          cli.out.list(
            rows,
            [
              {
                title: `when (${zone})`,
                value: (row) => clock(row.started_at),
                style: () => 'dim',
              },
              { title: 'whom', value: (row) => row.connection ?? row.who, style: () => 'bold' },
              { title: 'what', value: (row) => row.route },
              { title: 'came', value: came },
              { title: 'ms', value: (row) => Math.round(row.duration_ms), right: true },
              { title: 'about', value: aboutWhat },
              { title: 'error', value: (row) => row.error },
            ],
            { nothing: 'no such call is kept' },
          );
          return;
        }
        for (const row of rows) cli.out.print(inFull(row));
      }),
    );
}

interface CallRow {
  readonly started_at: Date;
  readonly duration_ms: number;
  readonly connection: string | null;
  readonly who: string;
  readonly route: string;
  readonly about: readonly string[];
  readonly outcome: 'answer' | 'not_sent' | 'unclear';
  readonly status: number | null;
  readonly error: string | null;
  readonly request: string | null;
  readonly answer: string | null;
  readonly erased_at: Date | null;
}

/** A card is asked about by our id, and called back by the printer's. */
async function idsOf(
  sql: Awaited<ReturnType<typeof open>>['sql'],
  mailpiece: string,
): Promise<readonly string[]> {
  const [piece] = await sql<{ provider_id: string | null }[]>`
    select provider_id from postrider.mailpieces where id = ${mailpiece}::uuid`;
  if (piece === undefined)
    throw new UserError(
      exitCodes.failed,
      `there is no mailpiece ${mailpiece}`,
      '`postrider trace <who>` shows those of a person',
    );
  return piece.provider_id === null ? [mailpiece] : [mailpiece, piece.provider_id];
}

function came({ outcome, status }: CallRow): string {
  if (outcome === 'not_sent') return 'not sent';
  return outcome === 'answer' ? String(status) : `unclear${status === null ? '' : ` (${status})`}`;
}

function aboutWhat({ about }: CallRow): string {
  const [first = ''] = about;
  return about.length > 1 ? `${first} and ${about.length - 1} others` : first;
}

function inFull(row: CallRow): string {
  const ms = Math.round(row.duration_ms);
  const whom = row.connection ?? row.who;
  const said = (title: string, words: string | null): readonly string[] =>
    words === null ? [] : ['', `${title}:`, words.replace(/^/gm, '    ')];
  return printableLines(
    [
      `${clock(row.started_at)}  ${whom}  ${row.route}  ${came(row)}  ${ms} ms`,
      ...(row.error === null ? [] : [row.error]),
      ...(row.erased_at === null ? [] : ['What was said is blanked by an erasure.']),
      ...said('asked', row.request),
      ...said('answered', row.answer),
      '',
    ].join('\n'),
  );
}
