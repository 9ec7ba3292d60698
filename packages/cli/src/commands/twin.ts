/** `twin`: the stand-in for a provider, by its name. It reads its own options. */
import type { Command } from 'commander';
import { command, readsItsOwnOptions, type Act } from '../program/command.ts';
import { twinNames } from '../twins/names.ts';

export function twins(program: Command, act: Act): void {
  const made = command(
    program,
    'twin [provider] [options...]',
    'A stand-in for a provider, as a process in the foreground: the real wire format, nothing ' +
      'printed, a ledger of its own, a clock that can be turned, bad luck by script. ' +
      `Providers: ${twinNames.join(', ')}. ` +
      '`postrider twin lob --help` lists the options of the one of Lob.',
    ['postrider twin lob --help', 'postrider twin lob --folder ./lob --days-per-second 2'],
  ).allowUnknownOption();
  readsItsOwnOptions(made);
  made.action(
    act(async (cli, [provider, ...options]) => {
      if (provider === undefined || ['-h', '--help'].includes(provider)) return made.help();
      const { startTwin } = await import('../twins/start-twin.ts');
      await startTwin(cli, provider, options);
    }),
  );
}
