/**
 * The project's own print shop reports to a runner that lives, to an address for each organization
 * that prints there. What it has is asked for again and again: an organization is applied later, a
 * shop is started later or in another folder, and the runner that it reports to may die. A runner
 * takes over when it starts, and after that only where the shop has no address or the one it has
 * takes nothing: of two that live neither takes it from the other.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Listening } from '@postrider/runner/run';
import { askWebhooks, ownPrintShop, setWebhookUrls } from './own-shop.ts';
import { printersAtOwnShop } from './printers.ts';

const LOOK_MS = 15_000;

/** Resolves when it has been told once. Returns what ends it. */
export async function reportToRunner(
  { project, sql, url, logger }: Listening,
  lookMs = LOOK_MS,
): Promise<() => void> {
  const root = url.replace('0.0.0.0', '127.0.0.1');
  let starting = true;
  const look = async (): Promise<void> => {
    const shop = ownPrintShop(project);
    if (shop === null || shop.pid === null) return;
    const has = await askWebhooks(project, shop.url);
    if (has === null)
      return logger.debug({ url: shop.url }, 'the print shop of this project does not run now');
    const printers = Map.groupBy(await printersAtOwnShop(sql), (one) => one.organizationId);
    const organizations = Object.fromEntries(
      [...printers].flatMap(([id, [printer, another]]) => {
        // An organization with two printers at it is polled: an event does not say which of the two
        // it is for.
        if (printer === undefined || another !== undefined) return [];
        const there = has.organizations[id];
        const stays = !starting && there !== undefined && has.failing[id] === undefined;
        return [[id, stays ? there : `${root}/webhooks/${id}/${printer.name}`]];
      }),
    );
    if (
      isDeepStrictEqual(organizations, has.organizations) ||
      (await setWebhookUrls(project, shop.url, organizations))
    )
      starting = false;
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: unknown) =>
      logger.debug(
        { error: String(error) },
        'the print shop could not be told where this runner listens',
      ),
    );
  }, lookMs).unref();
  return () => clearInterval(timer);
}
