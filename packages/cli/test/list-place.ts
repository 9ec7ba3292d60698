/** A place of its own, and do-not-mail lists that are put up there from the command line. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { launched } from '../../../test/support/machine.ts';
import { cli, type CliRun } from './cli.ts';
import { ownPlace } from './places.ts';

export interface ListPlace {
  readonly at: ReturnType<typeof ownPlace>;
  /** The entries that stand, as `email ada@example.com`. */
  listed(): Promise<string[]>;
  suppress(text: string | Buffer, ...args: string[]): Promise<CliRun>;
}

export function listPlace(): ListPlace {
  const at = ownPlace();
  before(async () => void (await launched(at.machine.sql)));
  return {
    at,
    listed: async () =>
      (
        await at.machine.sql`
          select kind || ' ' || value as entry
          from postrider.suppression
          order by created_at, kind, value`
      ).map((row) => String(row['entry'])),
    suppress: async (text, ...args) => {
      const path = join(at.place.home, 'stop.csv');
      writeFileSync(path, text);
      return await cli(at.place, ['suppress', '--file', path, '--json', ...args]);
    },
  };
}
