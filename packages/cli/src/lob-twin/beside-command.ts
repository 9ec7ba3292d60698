/** The twin of Lob as a process beside a command, which ends with it. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { cardsInQuestion } from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';
import { count, exitCodes, UserError, type ExitCode } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { TwinError, type SpawnedTwin } from '@postrider/twins';
import { lobTwinClient, spawnLob } from '@postrider/twins/lob';
import type { Cli } from '../program/cli.ts';
import { noteTwin, notedTwin, secretsOf, twinFolder } from './note.ts';

/** A twin of a run that was killed needs a moment to end. */
const PATIENCE_MS = 15_000;
/** Below the ports that a system gives to programs that ask for any. */
const PORTS = { from: 20_000, to: 30_000 };
const MOST_PORTS = 20;
const PORT_IN_USE = 69;
const FOLDER_IN_USE = 75;
const WRITE_FAILED = 74;
/** Seconds between attempts: somebody watches, and a runner that was killed comes back soon. */
const RETRY_LADDER = '1,1,2,5,10,30,60,300';

export interface OpenTwin {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** The folder of its ledger. */
  readonly folder: string;
  /** The id of its ledger. */
  readonly ledger: string;
  /** Throws where it has ended by itself, for example on a full disk, with what it said last. */
  assertOpen(): void;
  /** The mailpiece of each piece that it has made and that will be mailed, or was. */
  pieces(): Promise<readonly string[]>;
  /** Tells it where its webhooks go. */
  redirect(url: string): Promise<void>;
  stop(): Promise<void>;
}

/** As a process that ends with this one, however that ends. Throws `UserError`. */
export async function openTwin(
  cli: Cli,
  project: Project,
  daysPerSecond: number,
): Promise<OpenTwin> {
  project.makeDataDirectory();
  const folder = twinFolder(project);
  const secrets = secretsOf(project);
  let said = '';
  const log = (line: string): void => {
    said = line;
    cli.out.detail(`twin of Lob: ${line}`);
  };
  const start = async (port: number): Promise<SpawnedTwin> =>
    await spawnLob({
      folder,
      port,
      keys: [secrets.key],
      webhookSecret: secrets.webhook,
      daysPerSecond,
      retryLadder: RETRY_LADDER,
      log,
    });
  const noted = notedTwin(project);
  const twin =
    noted === null ? await onAnyPort(start) : await onItsPort(cli, async () => start(noted.port));
  let ended: UserError | null = null;
  void twin.exited.then(({ code, signal }) => {
    const byItself = code !== null && code !== 0;
    ended = new UserError(
      byItself ? codeOf(code) : exitCodes.unavailable,
      `the twin of Lob has ended: ${byItself ? said : (signal ?? 'somebody stopped it')}`,
      'what it has made is in its ledger: the same command goes on',
    );
  });
  const client = lobTwinClient(twin.url, secrets.key);
  return {
    url: twin.url,
    folder,
    ledger: twin.ledger,
    assertOpen: () => {
      if (ended !== null) throw ended;
    },
    pieces: async () =>
      (await client.ledger())
        .filter(({ state }) => state === 'live')
        .map(({ metadata }) => metadata['mailpiece'] ?? ''),
    redirect: async (url) => await client.webhook(url, 'live'),
    stop: async () => await twin.stop(),
  };
}

/** Where it was never started, and nobody knows its port yet. */
async function onAnyPort(start: (port: number) => Promise<SpawnedTwin>): Promise<SpawnedTwin> {
  for (let left = MOST_PORTS; ; left -= 1) {
    try {
      return await start(randomInt(PORTS.from, PORTS.to));
    } catch (error) {
      if (!hasEnded(error, PORT_IN_USE) || left === 0) throw cannotStart(error);
    }
  }
}

/** Where the connection names its port. */
async function onItsPort(cli: Cli, start: () => Promise<SpawnedTwin>): Promise<SpawnedTwin> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let waits = false; ; waits = true) {
    try {
      return await start();
    } catch (error) {
      if (!hasEnded(error, PORT_IN_USE, FOLDER_IN_USE) || Date.now() > deadline)
        throw cannotStart(error);
      if (!waits) cli.out.note('the twin of an earlier run still ends; waiting until it has');
      await sleep(300);
    }
  }
}

function hasEnded(error: unknown, ...codes: readonly number[]): error is TwinError {
  return error instanceof TwinError && codes.includes(error.exitCode);
}

function cannotStart(error: unknown): unknown {
  if (!(error instanceof TwinError)) return error;
  // A flag of the twin's is not one of ours.
  const why = error.message.replace(/ Choose another with --port.*/s, '');
  return new UserError(
    codeOf(error.exitCode),
    `the twin of Lob cannot start: ${why}`,
    `${helpOf(error)}. Nothing was mailed`,
    error,
  );
}

function helpOf(error: TwinError): string {
  switch (error.exitCode) {
    case PORT_IN_USE:
      return (
        'end the program that listens there, and give the same command again; ' +
        '`postrider demo --printer lob --fresh` begins anew at another port'
      );
    case FOLDER_IN_USE:
      return 'another demonstration may be running: wait until it has ended';
    default:
      return 'mend that, and give the same command again';
  }
}

/** As a command ends with it: the twin's 74 is a write that failed while it ran. */
function codeOf(twins: number): ExitCode {
  if (twins === WRITE_FAILED) return exitCodes.cannotWrite;
  const known = Object.values(exitCodes).find((code) => code === twins && code !== exitCodes.ok);
  return known ?? exitCodes.failed;
}

/**
 * A piece whose answer was lost is looked up in the ledger of the twin, and only there. Throws
 * `UserError` where another ledger is open while pieces are in question; else notes this one.
 */
export async function requireSameTwin(
  project: Project,
  sql: Sql,
  { url, ledger, folder }: Pick<OpenTwin, 'url' | 'ledger' | 'folder'>,
  printer: { readonly organizationId: string; readonly name: string },
): Promise<void> {
  const noted = notedTwin(project);
  const open =
    noted === null || noted.ledger === ledger ? 0 : await cardsInQuestion(sql, [printer]);
  if (open > 0)
    throw new UserError(
      exitCodes.tryLater,
      `${count(open, 'card')} may be made already, and ${folder} does not hold the ledger ` +
        'that knows',
      'put the folder back as it was. Where its ledger is lost, ' +
        '`postrider demo --printer lob --fresh` begins anew; nothing was mailed',
    );
  noteTwin(project, { port: Number(new URL(url).port), ledger });
}
