/** `print-shop start` and `stop`: the print shop as a process of its own, in the background. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, UserError, type ExitCode } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { makeFolder } from '@postrider/twins';
import type { Cli } from '../program/cli.ts';
import { killAfterGrace } from './end-process.ts';
import { requireSameLedger } from './ledger.ts';
import {
  isAnswering,
  folderOf,
  notedPrintShop,
  ownPrintShop,
  type NotedPrintShop,
} from './own-shop.ts';
import { PATIENCE_MS, folderFor, settingsInForce, type ShopSettings } from './settings.ts';

/** What was asked of a start, and the shop that runs already does otherwise. */
function differences(
  project: Project,
  settings: ShopSettings,
  noted: NotedPrintShop | null,
): string[] {
  return [
    ...(settings.folder !== null && resolve(settings.folder) !== folderOf(project, noted)
      ? ['--folder']
      : []),
    ...(settings.port !== null &&
    settings.port !== 0 &&
    String(settings.port) !== new URL(noted?.url ?? 'http://127.0.0.1').port
      ? ['--port']
      : []),
    ...(settings.daysPerSecond !== null &&
    settings.daysPerSecond !== (noted?.daysPerSecond ?? 1 / 86_400)
      ? ['--days-per-second']
      : []),
    ...(settings.collect !== null && settings.collect !== (noted?.collect ?? false)
      ? [settings.collect ? '--collect' : '--no-collect']
      : []),
  ];
}

export async function startInBackground(cli: Cli, settings: ShopSettings): Promise<void> {
  const project = await cli.project();
  const known = ownPrintShop(project);
  if (known !== null && (await isAnswering(project, known.url))) {
    const others = differences(
      project,
      settings,
      known.pid === null ? null : notedPrintShop(project),
    );
    if (others.length > 0)
      throw new UserError(
        exitCodes.tryLater,
        `a print shop runs already on ${known.url}, and not as ${others.join(' and ')} ` +
          'would have it',
        '`postrider print-shop stop` ends it; then start it again. Nothing was changed',
      );
    cli.out.result({ state: 'running', started: false, ...known }, `it runs already: ${known.url}`);
    return;
  }
  const folder = folderFor(project, settings);
  const { daysPerSecond, collect } = settingsInForce(project, settings);
  if (!settings.yes) await requireSameLedger(cli, project, folder, null);
  // Said here, at once, and not by a process in the background.
  makeFolder(folder);
  const log = project.stateFile('print-shop.log');
  const file = openSync(log, 'w', 0o600);
  const flags = [
    '--folder',
    folder,
    // Asked above, once.
    '--yes',
    ...(settings.port === null ? [] : ['--port', String(settings.port)]),
    ...(daysPerSecond === null ? [] : ['--days-per-second', String(daysPerSecond)]),
    collect ? '--collect' : '--no-collect',
  ];
  const before = [
    ...(settings.collect === null && collect ? ['--collect (--no-collect ends that)'] : []),
    ...(settings.daysPerSecond === null && daysPerSecond !== null
      ? [`--days-per-second ${daysPerSecond}`]
      : []),
  ];
  if (before.length > 0) cli.out.note(`goes on as it was started last: ${before.join(', ')}`);
  const child = spawn(
    process.execPath,
    [...process.execArgv, cli.entry, 'print-shop', 'run', ...flags],
    {
      detached: true,
      stdio: ['ignore', file, file],
      env: { ...process.env, POSTRIDER_HOME: project.directory },
    },
  );
  closeSync(file);
  let ended: number | null = null;
  child.once('exit', (code) => (ended = code ?? exitCodes.failed));
  child.unref();
  for (
    const deadline = Date.now() + PATIENCE_MS;
    Date.now() < deadline && ended === null;
    await sleep(50)
  ) {
    const shop = notedPrintShop(project);
    if (shop === null || shop.pid !== child.pid || !(await isAnswering(project, shop.url)))
      continue;
    cli.out.result(
      { state: 'running', started: true, ...shop, folder, log },
      `open on ${shop.url} (process ${shop.pid})\n  prints  ${folder}\n  log     ${log}`,
    );
    return;
  }
  const late =
    ended === null
      ? `the print shop was not ready within ${PATIENCE_MS / 1000} s, and was ended`
      : 'the print shop did not start';
  // Not left behind where it runs and cannot be reached.
  await killAfterGrace(child);
  const said = readFileSync(log, 'utf8')
    .trim()
    .replace(/^postrider: /gm, '');
  const why =
    ended === null
      ? `${late}; ${said === '' ? 'it said nothing' : `it had said: ${said}`}`
      : said || late;
  throw new UserError(codeOf(ended), why, `its log is ${log}`);
}

function codeOf(ended: number | null): ExitCode {
  return (
    Object.values(exitCodes).find((code) => code === ended && code !== exitCodes.ok) ??
    exitCodes.unavailable
  );
}

export async function stopInBackground(cli: Cli): Promise<void> {
  const project = await cli.project();
  const shop = ownPrintShop(project);
  // Only a shop that knows our token: its process number may belong to somebody else by now.
  if (shop === null || shop.pid === null || !(await isAnswering(project, shop.url))) {
    cli.out.result({ state: 'stopped', stopped: false }, 'it was not running');
    return;
  }
  process.kill(shop.pid, 'SIGTERM');
  for (
    const deadline = Date.now() + PATIENCE_MS;
    await isAnswering(project, shop.url);
    await sleep(50)
  ) {
    if (Date.now() > deadline)
      throw new UserError(
        exitCodes.tryLater,
        `process ${shop.pid} does not end`,
        'it may be writing a large PDF: try again',
      );
  }
  cli.out.result({ state: 'stopped', stopped: true }, 'stopped; what waits is in its ledger');
}
