/**
 * Where the command line is tried: a project directory and a database of a suite's own. These are
 * called in a suite; the database is there when its tests run.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import {
  freshMachine,
  launched,
  people,
  syncPeople,
  type Machine,
} from '../../../test/support/machine.ts';
import { bakery, cli, projectHome, type CliPlace, type CliRun } from './cli.ts';

export interface OwnPlace {
  readonly machine: Machine;
  readonly place: CliPlace;
}

/** Nothing is in the directory, and nobody in the database. */
export function ownPlace(): OwnPlace {
  const home = projectHome();
  let machine: Machine | undefined;
  const present = (): Machine => {
    if (machine === undefined) throw new Error('the database is there from the first test on');
    return machine;
  };
  before(async () => void (machine = await freshMachine()));
  after(async () => {
    await machine?.[Symbol.asyncDispose]();
    home.remove();
  });
  return {
    get machine() {
      return present();
    },
    place: {
      get url() {
        return present().url;
      },
      home: home.path,
    },
  };
}

/**
 * The launched campaign `spring`, with seven people; the last name of one would colour a screen.
 */
export function mailingPlace(): OwnPlace {
  const at = ownPlace();
  before(async () => {
    const { sql } = at.machine;
    await syncPeople(sql, await launched(sql), [
      ...people(6),
      {
        externalId: 'esc',
        email: 'esc@example.com',
        firstName: 'Eve',
        lastName: '\u009b31mRed',
        row: 99,
      },
    ]);
  });
  return at;
}

export interface BakeryPlace extends OwnPlace {
  /** A copy of the example, which a test may spoil. */
  readonly folder: string;
  /** Its campaign file. */
  readonly file: string;
  /** Another campaign file beside it; returns its path. */
  spoiled(name: string, change: (text: string) => string): string;
}

export function bakeryPlace(): BakeryPlace {
  const at = ownPlace();
  const folder = join(at.place.home, 'bakery');
  before(() => cpSync(bakery, folder, { recursive: true }));
  return Object.assign(at, {
    folder,
    file: join(folder, 'campaign.yaml'),
    spoiled: (name: string, change: (text: string) => string): string => {
      const path = join(folder, name);
      writeFileSync(path, change(readFileSync(join(bakery, 'campaign.yaml'), 'utf8')));
      return path;
    },
  });
}

export interface OneOffPlace extends OwnPlace {
  /** Of the campaign `hello`, with its list beside it. */
  readonly file: string;
  /** Writes the list: its header and its rows. */
  write(...rows: readonly string[]): void;
  run(...args: readonly string[]): Promise<CliRun>;
  /** The same where it has to work. */
  done(...args: readonly string[]): Promise<CliRun>;
}

/** A one-off of one's own list, which prints nowhere; written, and not applied. */
export function oneOffPlace(header: string, more = ''): OneOffPlace {
  const at = ownPlace();
  const folder = join(at.place.home, 'hello');
  const file = join(folder, 'campaign.yaml');
  before(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      file,
      `name: hello
organization: My Shop
mode: one_off
segment: people
audience: { kind: csv, path: people.csv }
renderer: { kind: noop, template: card }
format: 4x6
mail_class: first_class
image_host: { kind: noop }
printer: { kind: noop, name: press }
${more}`,
    );
  });
  const run = async (...args: readonly string[]): Promise<CliRun> => await cli(at.place, [...args]);
  return Object.assign(at, {
    file,
    run,
    write: (...rows: readonly string[]) =>
      writeFileSync(join(folder, 'people.csv'), `${[header, ...rows].join('\n')}\n`),
    done: async (...args: readonly string[]) => {
      const result = await run(...args);
      assert.equal(result.code, 0, result.stderr);
      return result;
    },
  });
}
