/** A database of the test's own, and a copy of the example that a test may spoil. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { bakery, projectHome, type CliPlace } from './cli.ts';

export interface BakeryPlace {
  readonly machine: Machine;
  readonly place: CliPlace;
  /** The copy. */
  readonly folder: string;
  /** Its campaign file. */
  readonly file: string;
  /** Another campaign file beside it; returns its path. */
  spoiled(name: string, change: (text: string) => string): string;
}

/** To be called in a suite; what it returns is there when its tests run. */
export function bakeryPlace(): BakeryPlace {
  const home = projectHome();
  const folder = join(home.path, 'bakery');
  const made = {
    folder,
    file: join(folder, 'campaign.yaml'),
    spoiled: (name: string, change: (text: string) => string): string => {
      const path = join(folder, name);
      writeFileSync(path, change(readFileSync(join(bakery, 'campaign.yaml'), 'utf8')));
      return path;
    },
  } as { -readonly [Name in keyof BakeryPlace]: BakeryPlace[Name] };
  before(async () => {
    made.machine = await freshMachine();
    made.place = { url: made.machine.url, home: home.path };
    cpSync(bakery, folder, { recursive: true });
  });
  after(async () => {
    await made.machine[Symbol.asyncDispose]();
    home.remove();
  });
  return made;
}
