/**
 * A garden shop's service that mails postcards from inside itself: its own database client, its own
 * customers, its own cards, its own press.
 *
 *     DATABASE_URL=postgres://… node mail-from-your-service.ts
 *
 * Run it again: nothing is printed a second time.
 */
import { join } from 'node:path';
import { createFolderImageHost } from '@postrider/adapters/folder';
import {
  applyCampaign,
  armPrinter,
  createPipeline,
  defineCampaign,
  hold,
  integrationsOf,
  launch,
  migrate,
  ensureOrganization,
  release,
  restoreWatermarkFolder,
  suppress,
  type Logger,
} from '@postrider/core';
import postgres from 'postgres';
import { backRoomPress } from './back-room-press.ts';
import { customersWhoLove, prepareCustomers } from './customers.ts';
import { plainCards } from './plain-cards.ts';

const url = process.env['DATABASE_URL'];
if (url === undefined)
  throw new Error(
    'DATABASE_URL is not set: the address of a PostgreSQL 15 or newer, ' +
      'for example postgres://me@localhost/shop',
  );
const folder = process.env['GARDEN_FOLDER'] ?? join(import.meta.dirname, 'out');

// The service's own client. Two things matter to the pipeline: a plan cached while a table was
// empty would scan it for ever, and every slot of the pipeline wants a connection (6 here, and a
// few for the rest).
const sql = postgres(url, {
  max: 12,
  connection: { application_name: 'garden', plan_cache_mode: 'force_custom_plan' },
  onnotice: () => undefined,
});

function say(text: string): void {
  return void process.stdout.write(`${text}\n`);
}
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => console.error('warn', message, fields),
  error: (fields, message) => console.error('error', message, fields),
};

await prepareCustomers(sql);
await migrate(sql);

const organization = await ensureOrganization(sql, 'Garden shop', 'America/Chicago');
const { campaignId: campaign } = await applyCampaign(
  sql,
  organization,
  defineCampaign({
    name: 'spring',
    provider_segment_id: 'everybody',
    template: 'plain',
    format: '4x6',
    printer_name: 'back-room',
  }),
);

const pipeline = createPipeline({
  sql,
  logger,
  integrations: integrationsOf({
    audience: customersWhoLove(sql),
    renderer: plainCards,
    imageHost: createFolderImageHost(
      {},
      { baseDirectory: folder, dataDirectory: folder, secret: () => undefined },
    ),
    printer: backRoomPress(join(folder, 'printed')),
  }),
  restoreWatermark: restoreWatermarkFolder(join(folder, 'restore-watermark')),
  settings: { runnerName: 'garden service' },
});

try {
  const report = await pipeline.sync(organization, campaign);
  say(
    `synced: ${report.fetched} customers, ${report.created} new, ` +
      `turned away: ${JSON.stringify(report.turnedAway)}`,
  );

  // A customer writes that she wants no more mail. Her wish, in the service's table and in the
  // machine, stands or falls as one: both are in the service's own transaction. From its commit on
  // no card of hers can begin, wherever she is on her way.
  await sql.begin(async (tx) => {
    await tx`update garden.customer set mail_me = false where email = 'fay@example.com'`;
    await suppress(
      tx,
      organization,
      { email: 'fay@example.com', reason: 'wrote to us' },
      'garden service',
    );
  });

  // Prices change: nothing may be mailed with the old ones. The hold is part of the transaction
  // too. It waits for cohorts that are just beginning, and cohorts that begin wait for its commit:
  // keep such a transaction short.
  await sql.begin(async (tx) => {
    const { atPrinter } = await hold(
      tx,
      { organizationId: organization, kind: 'campaign', id: campaign },
      'new prices',
    );
    await tx`update garden.price set cents = cents + 50`;
    say(`held for new prices; ${atPrinter} cards are at the press already`);
  });
  await release(sql, { organizationId: organization, kind: 'campaign', id: campaign });

  // Live printing must be allowed twice: the printer armed, the campaign launched.
  await armPrinter(sql, organization, 'back-room');
  await launch(sql, { organizationId: organization, campaignId: campaign }, { mode: 'live' });

  // A service would `await pipeline.start()` and go on with its day; this one wants to see the end
  // of it.
  const waiting = await pipeline.once();
  for (const { state, people, why } of waiting) say(`${people} ${state}, waiting for ${why}`);

  // In the evening the postman takes what the press has made. The event's id makes telling it twice
  // harmless.
  const cards = await sql<{ id: string; provider_id: string }[]>`
    select id, provider_id
    from postrider.mailpieces
    where organization_id = ${organization} and printer = 'back-room' and status = 'accepted'`;
  const told = await pipeline.applyEvents(
    organization,
    'back-room',
    cards.map(({ id, provider_id }) => ({
      eventId: `${id} delivered`,
      providerId: provider_id,
      mailpieceId: id,
      organizationId: organization,
      status: 'delivered' as const,
      providerStatus: 'in the letterbox',
      occurredAt: new Date().toISOString(),
      confidence: 'assumed' as const,
    })),
  );
  say(`the postman took ${told} cards`);

  const [funnel] = await sql`
    select recipients, received, skipped, blacklisted, error
    from postrider.funnel
    where campaign_id = ${campaign}`;
  say(
    `funnel: ${Object.entries(funnel ?? {})
      .map(([state, people]) => `${String(people)} ${state}`)
      .join(', ')}`,
  );
  say('what happened to Ada:');
  for (const row of await sql<
    { what: string; actor: string }[]
  >`select what, actor from postrider.trace('ada@example.com')`)
    say(`  ${row.what} (${row.actor})`);
} finally {
  await pipeline.stop();
  await sql.end({ timeout: 5 });
}
