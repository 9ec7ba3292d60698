/** Runs `postrider demo` as a user does, in a project of its own, and audits what it printed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn, type ChildProcess } from 'node:child_process';
import { audit, type AuditReport } from '../audit/auditor.ts';
import { entry, hosted } from '../support/hosted.ts';
import { loader } from '../support/loader.ts';
import { connect, testDatabase, type Sql, type TestDatabase } from '../support/server.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const bakery = join(repository, 'examples/bakery');

/** The last line of `demo --json`. */
export interface DemoResult {
  readonly rows: number;
  readonly recipients: number;
  readonly states: Readonly<Record<string, number>>;
  readonly invalid: number;
  readonly repeated: number;
  readonly conflicting: number;
  readonly cards: number;
  readonly newCards: number;
  readonly seconds: number;
  readonly paths: { readonly prints: string; readonly manifest: string; readonly proofs: string };
}

export interface Demo extends AsyncDisposable {
  readonly sql: Sql;
  /** The folder of its project. */
  readonly home: string;
  readonly prints: string;
  /** In a process of its own, to be stopped or killed. */
  start(...args: string[]): ChildProcess;
  /** The folder of the example. */
  readonly examples: string;
  /** Another command of the project, and what it said on stdout; throws where it fails. */
  postrider(...args: string[]): Promise<string>;
  /** Runs it to its end; throws where it fails. */
  run(...args: string[]): Promise<DemoResult>;
  audit(rows: number | null, qr?: 'all' | 'sample'): Promise<AuditReport>;
}

export async function newDemo(): Promise<Demo> {
  const database: TestDatabase = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), 'postrider-demo-'));
  const sql = connect(database.url);
  const prints = join(home, 'out', 'print-shop');
  const {
    FORCE_COLOR: _color,
    NODE_OPTIONS: _options,
    NODE_TEST_CONTEXT: _test,
    ...inherited
  } = process.env;
  const env = {
    ...inherited,
    DATABASE_URL: database.url,
    POSTRIDER_HOME: home,
    POSTRIDER_LEASE_SECONDS: '12',
  };
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [...loader, entry, 'demo', '--json', ...args], {
      cwd: repository,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  /** What it said on stdout. */
  const toItsEnd = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await hosted(args, repository, env);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`);
    return stdout;
  };
  return {
    sql,
    home,
    prints,
    examples: bakery,
    start,
    postrider: toItsEnd,
    async run(...args) {
      const stdout = await toItsEnd('demo', '--json', ...args);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as DemoResult;
    },
    audit: async (rows, qr = 'sample') =>
      await audit({
        customers: join(bakery, 'customers.csv'),
        suppressions: join(bakery, 'suppressions.csv'),
        addresses: join(bakery, 'addresses.csv'),
        prints,
        rows,
        qr,
      }),
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 2 });
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
