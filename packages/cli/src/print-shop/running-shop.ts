/** The print shop of the project where it runs already, for a command that wants cards printed. */
import { exitCodes, UserError } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { TwinError } from '@postrider/twins';
import type { Cli } from '../program/cli.ts';
import type { OpenShop } from './open-shop.ts';
import {
  askPress,
  askWebhooks,
  folderOf,
  isAnswering,
  notedPrintShop,
  ownPrintShop,
  setWebhookUrls,
} from './own-shop.ts';

const LOOK_MS = 2000;
/** A card takes six days; slower than this, nobody waits for it to be received. */
const SLOWEST_DAYS_PER_SECOND = 6 / 60;

/**
 * Null where none runs, and where one runs that ends with the command that started it. Its pace
 * stays what it is: throws `UserError` where another one was asked for.
 */
export async function joinRunningShop(
  cli: Cli,
  project: Project,
  daysPerSecond: number | null,
): Promise<OpenShop | null> {
  const known = ownPrintShop(project);
  const noted = known?.pid === null ? null : notedPrintShop(project);
  if (known === null || noted?.endsWithCommand === true) return null;
  const { url } = known;
  const press = (await isAnswering(project, url)) ? await askPress(project, url) : null;
  if (press === null) return null;
  if (daysPerSecond !== null && daysPerSecond !== press.daysPerSecond)
    throw new UserError(
      exitCodes.tryLater,
      `a print shop runs already on ${url}, and not as --days-per-second would have it`,
      '`postrider print-shop stop` ends it, and the same command starts one of its own; ' +
        'or leave --days-per-second out. Nothing was mailed',
    );
  cli.out.detail(`print shop: the one on ${url}, which runs already`);

  let ended: TwinError | null = null;
  const looking = setInterval(() => {
    void isAnswering(project, url).then((alive) => {
      if (!alive)
        ended = new TwinError(exitCodes.unavailable, `the print shop on ${url} has ended`);
    });
  }, LOOK_MS).unref();
  let restore: () => Promise<unknown> = async () => await Promise.resolve();
  return {
    url,
    folder: folderOf(project, noted),
    slowBecause: slowBecause(press),
    assertOpen: () => {
      if (ended !== null) throw ended;
    },
    redirect: async (organizationId, webhook) => {
      const before = (await askWebhooks(project, url))?.organizations;
      const taken =
        before !== undefined &&
        (await setWebhookUrls(project, url, { ...before, [organizationId]: webhook }));
      if (!taken)
        throw new UserError(
          exitCodes.unavailable,
          `the print shop on ${url} does not take the address of its webhooks`,
          'nothing was mailed; the same command goes on',
        );
      restore = async () => await setWebhookUrls(project, url, before);
    },
    stop: async () => {
      clearInterval(looking);
      await restore();
    },
  };
}

export function slowBecause({
  daysPerSecond,
  collect,
}: {
  readonly daysPerSecond: number;
  readonly collect: boolean;
}): string | null {
  if (collect)
    return 'the print shop collects full files: `postrider print-shop close` prints what waits';
  return daysPerSecond < SLOWEST_DAYS_PER_SECOND
    ? 'the mail of the print shop that runs already takes its days: `postrider run` follows them'
    : null;
}
