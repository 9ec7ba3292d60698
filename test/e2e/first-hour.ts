/** A project of a new user: a folder of its own with a list, a campaign file and a template. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPrints } from '../audit/prints.ts';
import { hosted } from '../support/hosted.ts';
import { connect, testDatabase, type Sql } from '../support/server.ts';

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface OwnProject extends AsyncDisposable {
  readonly sql: Sql;
  /** In the folder of the campaign. */
  postrider(...args: string[]): Promise<Said>;
  write(name: string, text: string): string;
  /** Changes a file: the text must be there. */
  edit(name: string, find: string, replace: string): void;
  read(name: string): string;
  /** Name and address of every card that was printed, a line each. */
  printed(): readonly string[];
  /** The same, sorted, when there are so many: the shop prints when it is not asked any more. */
  printedAll(cards: number): Promise<readonly string[]>;
}

export async function newProject(): Promise<OwnProject> {
  const database = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), 'postrider-first-hour-'));
  const sql = connect(database.url);
  const {
    FORCE_COLOR: _color,
    NODE_OPTIONS: _options,
    NODE_TEST_CONTEXT: _test,
    ...rest
  } = process.env;
  const env = { ...rest, DATABASE_URL: database.url, POSTRIDER_HOME: home };
  const path = (name: string): string => join(home, name);
  const read = (name: string): string => readFileSync(path(name), 'utf8');
  const write = (name: string, text: string): string => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const postrider = async (...args: string[]): Promise<Said> => await hosted(args, home, env);
  const printed = (): readonly string[] => {
    const prints = path('out/print-shop');
    if (!existsSync(join(prints, 'manifest.csv'))) return [];
    return readPrints(prints, (what) => {
      throw new Error(what);
    }).lines.map(({ cells }) =>
      ['name', 'line1', 'line2', 'city', 'region', 'postal_code']
        .map((column) => cells[column] ?? '')
        .filter((cell) => cell !== '')
        .join(', '),
    );
  };
  return {
    sql,
    postrider,
    write,
    read,
    edit(name, find, replace) {
      const text = read(name);
      if (!text.includes(find)) throw new Error(`${name} does not say ${find}`);
      write(name, text.replace(find, replace));
    },
    printed,
    async printedAll(cards) {
      const deadline = Date.now() + 240_000;
      while (printed().length < cards && Date.now() < deadline) await sleep(50);
      return [...printed()].toSorted();
    },
    async [Symbol.asyncDispose]() {
      await postrider('print-shop', 'stop');
      await sql.end({ timeout: 2 });
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
