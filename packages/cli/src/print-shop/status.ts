/** What the print shop of the project does now: whether it runs, how it prints, and what waits. */
import { count } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { isAnswering, askPress, folderOf, notedPrintShop, ownPrintShop } from './own-shop.ts';

export async function showStatus(cli: Cli): Promise<void> {
  const project = await cli.project();
  const shop = ownPrintShop(project);
  const running = shop !== null && (await isAnswering(project, shop.url));
  const press = running ? await askPress(project, shop.url) : null;
  const cards =
    press === null || press.waiting === 0
      ? 'no card waits'
      : `${count(press.waiting, 'card')} wait${press.waiting === 1 ? 's' : ''}`;
  const how =
    press === null
      ? ''
      : `\n  ${cards}` +
        (press.collect ? ' for a full file: `postrider print-shop close` prints what waits' : '') +
        `\n  mail    ${paceOf(press.daysPerSecond)}`;
  cli.out.result(
    {
      state: running ? 'running' : 'stopped',
      url: running ? shop.url : null,
      pid: running ? shop.pid : null,
      prints: folderOf(project, notedPrintShop(project)),
      collect: press?.collect ?? null,
      daysPerSecond: press?.daysPerSecond ?? null,
      waiting: press?.waiting ?? null,
    },
    running
      ? `running on ${shop.url}${shop.pid === null ? '' : ` (process ${shop.pid})`}${how}`
      : 'not running; `postrider print-shop start` starts it',
  );
}

function paceOf(daysPerSecond: number): string {
  if (daysPerSecond === 0) return 'stands still';
  return daysPerSecond < 0.001 ? 'as fast as real days' : `${daysPerSecond} days a second`;
}
