/**
 * `suppress lift`: takes entries off the do-not-mail list, and says what still keeps people out.
 */
import { UserError, count, exitCodes, printable } from '@postrider/runner/process';
import type { Sql } from '@postrider/runner/database';
import type { Command } from 'commander';
import { command, text, type Act, type Options } from '../program/command.ts';
import { open } from './open-database.ts';

/** What the entry is by, and what is asked afterwards. */
interface Lifted {
  readonly kind: 'email' | 'external_id' | 'household';
  readonly value: string;
  /** As somebody is asked for; null: by a key nobody can be asked for. */
  readonly who: { readonly name: string | null; readonly address: Address | null } | null;
}

interface Address {
  readonly line1: string;
  readonly line2: string | null;
  readonly postalCode: string;
  readonly country: string;
}

interface Left {
  readonly kind: string;
  readonly reason: string;
  readonly since: Date;
  readonly campaign: string | null;
}

export function lift(suppress: Command, act: Act): void {
  command(
    suppress,
    'lift',
    'Takes an entry off the list. People who were turned away by it stay where they are.',
    [
      'postrider suppress lift --email ada@example.com',
      'postrider suppress lift --line1 "12 Elm Street" --postal-code 02138',
    ],
  )
    .option('--email <address>', 'an e-mail address')
    .option('--external-id <id>', 'the id at the source of the audience')
    .option('--line1 <text>', 'an address: first line')
    .option('--line2 <text>', 'an address: second line, such as the apartment')
    .option('--postal-code <code>', 'an address: postal code')
    .option('--country <code>', 'two letters; US unless told')
    .option('--household <key>', 'as postrider.household_key makes it of an address')
    .option('--organization <name>', 'by name or id; needed only where there are several')
    .action(
      act(async (cli, _args, options) => {
        requireOne(options);
        await using database = await open(cli);
        const { sql } = database;
        const { ensureOrganization } = await import('../operate/names.ts');
        const organization = await ensureOrganization(sql, text(options['organization']));
        const { kind, value, who } = await liftedBy(sql, options);
        const [row] = await sql<{ lifted: number }[]>`
          select postrider.lift_suppression(
            p_organization_id => ${organization.id},
            p_kind => ${kind},
            p_value => ${value}
          ) as lifted`;
        const lifted = row?.lifted ?? 0;
        const named = who?.address?.line1 ?? value;
        if (lifted === 0)
          throw new UserError(
            exitCodes.failed,
            `${named} is not on the list of ${organization.name}`,
            'nothing was changed',
          );
        const left = who === null ? [] : await stillThere(sql, organization.id, who);
        cli.out.result(
          { organization: organization.name, lifted, left },
          left.length === 0
            ? `lifted: ${named} may be mailed again by ${organization.name}`
            : `lifted: ${count(lifted, 'entry', 'entries')}; ` +
                `${named} is still suppressed by ${count(left.length, 'other', 'others')}`,
        );
        for (const other of left)
          cli.out.note(
            printable(
              `still there: by ${other.kind}, since ${other.since.toISOString()}: ${other.reason}` +
                (other.campaign === null ? '' : ` (campaign ${other.campaign})`),
            ),
          );
      }),
    );
}

function requireOne(options: Options): void {
  const address = ['line1', 'line2', 'postalCode', 'country'].some(
    (name) => options[name] !== undefined,
  );
  const keys = ['email', 'externalId', 'household'].filter((name) => options[name] !== undefined);
  if (keys.length + (address ? 1 : 0) !== 1)
    throw new UserError(
      exitCodes.usage,
      'say which entry: one of --email, --external-id, an address, --household',
    );
  if (address && (options['line1'] === undefined || options['postalCode'] === undefined))
    throw new UserError(exitCodes.usage, 'an address needs --line1 and --postal-code');
}

async function liftedBy(sql: Sql, options: Options): Promise<Lifted> {
  const [email, externalId, household, line1] = [
    text(options['email']),
    text(options['externalId']),
    text(options['household']),
    text(options['line1']),
  ];
  if (email !== undefined)
    return { kind: 'email', value: email, who: { name: email, address: null } };
  if (externalId !== undefined)
    return { kind: 'external_id', value: externalId, who: { name: externalId, address: null } };
  if (line1 === undefined) return { kind: 'household', value: household ?? '', who: null };
  const address = {
    line1,
    line2: text(options['line2']) ?? null,
    postalCode: text(options['postalCode']) ?? '',
    country: text(options['country']) ?? 'US',
  };
  const [row] = await sql<{ key: string | null }[]>`
    select postrider.household_key(
      p_line1 => ${address.line1},
      p_line2 => ${address.line2},
      p_postal_code => ${address.postalCode},
      p_country => ${address.country}
    ) as key`;
  const key = row?.key ?? null;
  if (key === null)
    throw new UserError(exitCodes.usage, 'this is no address', 'nothing was changed');
  return { kind: 'household', value: key, who: { name: null, address } };
}

async function stillThere(
  sql: Sql,
  organizationId: string,
  { name, address }: NonNullable<Lifted['who']>,
): Promise<readonly Left[]> {
  return await sql<Left[]>`
    select s.kind, s.reason, s.since, s.campaign
    from postrider.suppressed(
      p_who => ${name},
      p_organization_id => ${organizationId},
      p_line1 => ${address?.line1 ?? null},
      p_line2 => ${address?.line2 ?? null},
      p_postal_code => ${address?.postalCode ?? null},
      p_country => ${address?.country ?? 'US'}
    ) s
    order by s.since`;
}
