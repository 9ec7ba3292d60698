/** The command line with the providers of these tests, each command a process of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensureOrganization } from '@postrider/core';
import { hosted } from '../../../../test/support/hosted.ts';
import { secret } from '../../../../test/support/secrets.ts';
import { loader } from '../../../../test/support/loader.ts';
import { ended, resultOf, type CliRun } from '../cli.ts';
import { ownPlace, type OwnPlace } from '../places.ts';
import { acmeOffice, type AcmeOffice } from './acme-office.ts';

const entry = fileURLToPath(new URL('main.ts', import.meta.url));
const host = fileURLToPath(new URL('host.ts', import.meta.url));

export const ORGANIZATION = 'Flour & Field';

export interface AccountsPlace extends OwnPlace {
  readonly office: AcmeOffice;
  /** A key that the office takes. */
  key(mode: 'test' | 'live'): string;
  /** All that any command was given as a secret, to be looked for afterwards. */
  readonly secrets: ReadonlySet<string>;
  /** What the commands wrote: output, errors, and whatever lies in the project directory. */
  written(): string;
  acme(
    args: readonly string[],
    given?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
  ): Promise<CliRun>;
  /** On a terminal, where the letters are typed once it asks; null where none can be had. */
  typed(args: readonly string[], letters: string): Promise<CliRun | null>;
  /** Makes a connection, by a key in the environment of that command alone; sealed. */
  connected(name: string, mode?: 'test' | 'live'): Promise<string>;
  organizationId(): Promise<string>;
}

export function accountsPlace(): AccountsPlace {
  const at = ownPlace();
  let office: AcmeOffice | undefined;
  const said: string[] = [];
  const secrets = new Set<string>();
  let keys = 0;
  before(async () => {
    office = await acmeOffice();
    await ensureOrganization(at.machine.sql, ORGANIZATION);
  });
  after(async () => await office?.[Symbol.asyncDispose]());
  const there = (): AcmeOffice => {
    if (office === undefined) throw new Error('the office is there from the first test on');
    return office;
  };
  const key: AccountsPlace['key'] = (mode) => {
    const made = `acme_${mode}_${process.pid}x${(keys += 1)}secretkey`;
    there().keys.set(made, mode);
    secrets.add(secret(made));
    return made;
  };
  const acme: AccountsPlace['acme'] = async (args, { input, env = {} } = {}) => {
    const {
      DATABASE_URL_FILE: _file,
      NODE_OPTIONS: _options,
      NODE_TEST_CONTEXT: _test,
      FORCE_COLOR: _color,
      ...inherited
    } = process.env;
    const environment = {
      ...inherited,
      DATABASE_URL: at.machine.url,
      POSTRIDER_HOME: at.place.home,
      ...env,
    };
    const run =
      input === undefined
        ? await inHost(args, at.place.home, environment)
        : await alone(args, at.place.home, { environment, input });
    said.push(run.stdout, run.stderr);
    return run;
  };
  return {
    get machine() {
      return at.machine;
    },
    place: at.place,
    get office() {
      return there();
    },
    key,
    secrets,
    acme,
    async typed(args, letters) {
      const run = await onTerminal(args, at, letters);
      if (run !== null) said.push(run.stdout, run.stderr);
      return run;
    },
    written: () => [...said, ...filesBelow(at.place.home)].join('\n'),
    async connected(name: string, mode: 'test' | 'live' = 'test') {
      const value = key(mode);
      const run = await acme(
        [
          'connect',
          'acme',
          '--name',
          name,
          '--option',
          `url=${there().url}`,
          '--secret-from',
          'env:K',
          '--seal',
        ],
        { env: { K: value } },
      );
      if (run.code !== 0) throw new Error(run.stderr);
      return value;
    },
    organizationId: async () => await ensureOrganization(at.machine.sql, ORGANIZATION),
  };
}

/** In a process that other commands share, one after the other. */
async function inHost(
  args: readonly string[],
  home: string,
  environment: NodeJS.ProcessEnv,
): Promise<CliRun> {
  const { code, stdout, stderr } = await hosted(args, home, environment, host);
  return resultOf(code, stdout, stderr);
}

async function alone(
  args: readonly string[],
  home: string,
  { environment, input }: { readonly environment: NodeJS.ProcessEnv; readonly input: string },
): Promise<CliRun> {
  const child = spawn(process.execPath, [...loader, entry, ...args], {
    cwd: home,
    stdio: 'pipe',
    env: environment,
  });
  child.stdin.end(input);
  return await ended(child);
}

async function onTerminal(
  args: readonly string[],
  { machine, place }: OwnPlace,
  letters: string,
): Promise<CliRun | null> {
  const command = [process.execPath, ...loader, entry, ...args];
  const quoted = command.map((part) => `'${part.replaceAll("'", String.raw`'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {
    cwd: place.home,
    stdio: 'pipe',
    env: { ...process.env, DATABASE_URL: machine.url, POSTRIDER_HOME: place.home, TERM: 'xterm' },
  });
  const missing = new Promise<null>((resolve) => child.once('error', () => resolve(null)));
  let heard = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (heard.includes('not shown')) return;
    heard += chunk.toString();
    if (heard.includes('not shown')) child.stdin.write(letters);
  });
  return await Promise.race([missing, ended(child)]);
}

/** All but the secrets of the project themselves. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name);
    if (one.isDirectory()) return path.endsWith('var/secrets') ? [] : filesBelow(path);
    return one.isFile() && one.name !== 'key.txt' ? [readFileSync(path, 'latin1')] : [];
  });
}

/** A campaign whose adapters need nothing but the connection. */
export function campaignFile(home: string, lines: readonly string[]): string {
  mkdirSync(home, { recursive: true });
  const path = join(home, 'campaign.yaml');
  writeFileSync(
    join(home, 'customers.csv'),
    'id,email,first_name,last_name,line1,city,region,postal_code,country\n' +
      'p0,p0@example.com,Ada,Byron,1 Elm Street,Oakland,CA,94607,US\n',
  );
  writeFileSync(
    path,
    [
      'name: spring',
      `organization: ${ORGANIZATION}`,
      'mode: automated',
      'segment: customers',
      'audience: { kind: csv, path: customers.csv }',
      'renderer: { kind: noop, template: card }',
      'format: 4x6',
      'image_host: { kind: noop }',
      'mail_class: first_class',
      ...lines,
      '',
    ].join('\n'),
  );
  return path;
}
