/** `connect`, `connections` and `connection`: accounts at providers. */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import type { ConnectOptions } from '../accounts/connect.ts';
import {
  command,
  decimal,
  flag,
  number,
  oneOf,
  text,
  type Act,
  type Options,
} from '../program/command.ts';

const named = 'by name, or by id';
const whose = 'by name or id; needed only where there are several';

export function connections(program: Command, act: Act): void {
  connecting(program, act);
  command(
    program,
    'connections',
    'All accounts at providers: what each is for, who uses it, and what its provider said of it.',
    ['postrider connections', 'postrider connections --json'],
  )
    .option('--organization <name>', 'only those of this organization')
    .action(
      act(async (cli, _args, options) => {
        const { listAccounts } = await import('../accounts/show-accounts.ts');
        await listAccounts(cli, text(options['organization']));
      }),
    );
  const connection = command(
    program,
    'connection',
    'One account at a provider: shown, checked, renamed, its key replaced, removed.',
    ['postrider connection check lob', 'postrider connection rotate lob --secret-from env:NEW_KEY'],
  );
  showing(connection, act);
  checking(connection, act);
  renaming(connection, act);
  rotating(connection, act);
  removing(connection, act);
}

/** What has no place here is not repeated: it may be the secret. */
function takingNoSecret(of: Command): Command {
  return of
    .allowUnknownOption()
    .allowExcessArguments()
    .option(
      '--secret-from <source>',
      'env:NAME, file:PATH, - (stdin) or prompt; where there are several secrets, ' +
        'purpose=source, once for each. Never the secret itself',
      (source: string, before: readonly string[] | undefined) => [...(before ?? []), source],
    )
    .option('--seal', 'keep it sealed in the database, and not only where it is')
    .option('--no-check', 'do not ask the provider');
}

/** Throws `UserError` (usage) for words that are no option and no argument. */
function refuseWords(args: readonly string[], taken: number, never: string): void {
  const unknown = args.find((word) => word.startsWith('-') && word !== '-');
  if (unknown !== undefined || args.length > taken)
    throw new UserError(
      exitCodes.usage,
      unknown === undefined
        ? 'there are too many arguments'
        : `there is no option ${/^-{1,2}[a-z-]{0,30}/.exec(unknown)?.[0] ?? ''}`,
      never,
    );
}

function connecting(program: Command, act: Act): void {
  takingNoSecret(
    command(
      program,
      'connect',
      'Connects an account at a provider. Asks for its key where none is named, asks the ' +
        'provider about the account by one harmless request, and says what it found. ' +
        'Where the key is refused nothing is kept.',
      [
        'postrider connect lob   # asks for the key',
        'postrider connect lob --secret-from env:LOB_KEY --organization "Flour & Field Bakery"',
        'postrider connect lob --name lob-east --secret-from file:/run/secrets/lob --seal',
      ],
    ).argument('<provider>', 'its kind, as in a campaign file'),
  )
    .option('--name <name>', 'what campaign files call it; the provider unless told')
    .addOption(oneOf('--mode <mode>', 'as its key tells it unless told', ['test', 'live']))
    .option('--organization <name>', whose)
    .option('--make-organization', 'with --organization: make it where it is not there')
    .option(
      '--option <name=value>',
      'an option of its accounts; once for each',
      (option: string, before: readonly string[] | undefined) => [...(before ?? []), option],
    )
    .action(
      act(async (cli, [provider = '', ...rest], options) => {
        const { NEVER_A_VALUE } = await import('../accounts/given-secrets.ts');
        refuseWords([provider, ...rest], 1, NEVER_A_VALUE);
        const { connectAccount } = await import('../accounts/connect.ts');
        await connectAccount(cli, provider, await connectOptions(options));
      }),
    );
}

async function connectOptions(options: Options): Promise<ConnectOptions> {
  const { readSource } = await import('../accounts/given-secrets.ts');
  return {
    name: text(options['name']),
    mode: text(options['mode']),
    organization: text(options['organization']),
    makeOrganization: flag(options['makeOrganization']),
    secrets: texts(options['secretFrom']).map(readSource),
    options: texts(options['option']),
    seal: flag(options['seal']),
    check: options['check'] !== false,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function showing(connection: Command, act: Act): void {
  command(connection, 'show', 'Everything about one account, but for its secrets.', [
    'postrider connection show lob',
  ])
    .argument('<name>', named)
    .option('--organization <name>', whose)
    .action(
      act(async (cli, [name = ''], options) => {
        const { showAccount } = await import('../accounts/show-accounts.ts');
        await showAccount(cli, { name, organization: text(options['organization']) });
      }),
    );
}

function checking(connection: Command, act: Act): void {
  command(
    connection,
    'check',
    'Asks the provider about the account by one harmless request. ' +
      'Exit code 1 where it refuses the account, 69 where nobody knows.',
    ['postrider connection check lob'],
  )
    .argument('<name>', named)
    .option('--organization <name>', whose)
    .action(
      act(async (cli, [name = ''], options) => {
        const { checkAccount } = await import('../accounts/keep-account.ts');
        await checkAccount(cli, { name, organization: text(options['organization']) });
      }),
    );
}

function renaming(connection: Command, act: Act): void {
  command(connection, 'rename', 'Gives it another name. Its printers and campaigns stay with it.', [
    'postrider connection rename lob lob-east',
  ])
    .argument('<name>', named)
    .argument('<new-name>', 'small letters, digits, hyphens')
    .option('--organization <name>', whose)
    .action(
      act(async (cli, [name = '', to = ''], options) => {
        const { renameAccount } = await import('../accounts/keep-account.ts');
        await renameAccount(cli, { name, organization: text(options['organization']) }, to);
      }),
    );
}

function rotating(connection: Command, act: Act): void {
  takingNoSecret(
    command(
      connection,
      'rotate',
      'Replaces a secret. The new one counts at once, without a restart; the one before is good ' +
        'beside it for a day unless told, so that nothing under way is refused.',
      [
        'postrider connection rotate lob   # asks for the key',
        'postrider connection rotate lob --secret-from env:NEW_LOB_KEY --overlap-hours 2',
        'postrider connection rotate lob --secret-from webhook=file:/run/secrets/lob-webhook',
      ],
    ).argument('<name>', named),
  )
    .option(
      '--overlap-hours <n>',
      'how long the one before is good; 24 unless told, 0: not at all',
      decimal(0, 24 * 90),
    )
    .option('--organization <name>', whose)
    .action(
      act(async (cli, [name = '', ...rest], options) => {
        const { NEVER_A_VALUE, readSource } = await import('../accounts/given-secrets.ts');
        refuseWords([name, ...rest], 1, NEVER_A_VALUE);
        const { rotateAccount } = await import('../accounts/keep-account.ts');
        const overlapMs = Math.round((number(options['overlapHours']) ?? 24) * 3_600_000);
        await rotateAccount(
          cli,
          { name, organization: text(options['organization']) },
          {
            secrets: texts(options['secretFrom']).map(readSource),
            seal: flag(options['seal']),
            check: options['check'] !== false,
            overlapMs,
          },
        );
      }),
    );
}

function removing(connection: Command, act: Act): void {
  command(
    connection,
    'remove',
    'Removes it with its secrets. Refused while a printer, or a campaign that has not ended, ' +
      'names it.',
    ['postrider connection remove lob-test --yes'],
  )
    .argument('<name>', named)
    .option('--organization <name>', whose)
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, [name = ''], options) => {
        const { removeAccount } = await import('../accounts/keep-account.ts');
        const organization = text(options['organization']);
        await removeAccount(cli, { name, organization }, flag(options['yes']));
      }),
    );
}
