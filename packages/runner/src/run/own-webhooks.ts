/**
 * The project's own print shop reports to this runner, to an address for each organization that prints there. It is told again where either changes: an
 * organization that is applied while the runner runs, a shop that is started later or in another folder.
 */
import type { Logger } from '@postrider/core';
import type { Sql } from '../cli/database.ts';
import type { Project } from '../config/project.ts';
import { ownPrintShop, tellWebhooks } from '../wiring/own-print-shop.ts';

const LOOK_MS = 15_000;

/** Resolves when it has been told once. Returns what ends it. */
export async function keepShopTold(project: Project, sql: Sql, url: string, logger: Logger): Promise<() => void> {
  const root = url.replace('0.0.0.0', '127.0.0.1');
  let told = '';
  const look = async (): Promise<void> => {
    const shop = ownPrintShop(project);
    if (shop === null || shop.pid === null) return;
    // Whoever has two printers at it is polled: its events do not say which of them they are for.
    const users = await sql<{ organization_id: string; name: string }[]>`
      select organization_id, min(name) as name from postrider.printer where kind = 'print-shop' and not options ? 'url'
      group by organization_id having count(*) = 1 order by 1`;
    const organizations = Object.fromEntries(
      users.map(({ organization_id: organization, name }) => [organization, `${root}/webhooks/${organization}/${name}`]),
    );
    const now = JSON.stringify([shop.url, shop.pid, organizations]);
    if (now === told || users.length === 0) return;
    if (await tellWebhooks(project, shop.url, organizations)) told = now;
    else logger.debug({ url: shop.url }, 'the print shop of this project does not run now');
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: unknown) => logger.debug({ error: String(error) }, 'the print shop could not be told where this runner listens'));
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}
