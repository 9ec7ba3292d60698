/** `secrets`: the keys with which the secrets of accounts are sealed in the database. */
import type { Command } from 'commander';
import { command, flag, type Act } from '../program/command.ts';

export function sealing(program: Command, act: Act): void {
  const secrets = command(
    program,
    'secrets',
    'The keys with which secrets of connections are sealed. They are secrets of the project ' +
      '(POSTRIDER_SECRETS_KEY), and never in the database.',
    ['postrider secrets key', 'postrider secrets rotate'],
  );
  command(
    secrets,
    'key',
    'Makes a sealing key, and keeps it in var/secrets/POSTRIDER_SECRETS_KEY, before those that ' +
      'are there. Its value is not shown.',
    ['postrider secrets key', 'postrider secrets key --print   # for a store of your own'],
  )
    .option('--print', 'print it, and keep it nowhere')
    .action(
      act(async (cli, _args, options) => {
        const { makeKey } = await import('../accounts/sealing-keys.ts');
        await makeKey(cli, flag(options['print']));
      }),
    );
  command(
    secrets,
    'rotate',
    'Seals every secret with the newest key. What was done stands where it is broken off: the ' +
      'same command goes on.',
    ['postrider secrets rotate'],
  ).action(
    act(async (cli) => {
      const { resealAll } = await import('../accounts/sealing-keys.ts');
      await resealAll(cli);
    }),
  );
}
