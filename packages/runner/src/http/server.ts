/**
 * The runner's HTTP: webhooks of printers, and what watches a runner. A webhook is checked on its
 * raw bytes, stored and answered at once; what it says is applied in the background. On 127.0.0.1
 * unless told: in front of it stands whatever ends TLS.
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { Logger, Pipeline } from '@postrider/core';
import { Hono } from 'hono';
import type { Sql } from '../database/open.ts';
import { exitCodes } from '../process/exit-codes.ts';
import { redacted } from '../process/text.ts';
import { messageOf, UserError } from '../process/user-error.ts';
import { metricsText } from './metrics.ts';
import { createWebhookListener } from './webhooks.ts';

const READY_MS = 2000;
/**
 * A webhook is small: a sender that needs longer for one, headers and body, or holds more
 * connections, keeps others out.
 */
const LIMITS: HttpLimits = { requestMs: 10_000, connections: 1000 };
const HELD_BYTES = 32 * 1024 * 1024;

export interface HttpLimits {
  readonly requestMs: number;
  readonly connections: number;
  /** Bytes of webhooks that are being read or stored, of all but small ones; 32 MiB unless told. */
  readonly heldBytes?: number;
}

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly sql: Sql;
  readonly pipeline: Pipeline;
  readonly logger: Logger;
  /** Of the process as a whole: false while it starts and once it stops. */
  readonly isReady: () => boolean;
  readonly limits?: HttpLimits | undefined;
  /** What the log says of an error; its own message unless told. */
  readonly explain?: ((error: unknown) => string) | undefined;
}

export interface RunningHttp {
  /** `http://127.0.0.1:4117` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

function inShort(error: unknown): string {
  return redacted(messageOf(error));
}

/** All but webhooks; `webhooks`: how many were answered, by status. */
function createApp(
  { sql, pipeline, logger, isReady, explain = inShort }: HttpOptions,
  webhooks: Map<number, number>,
): Hono {
  const app = new Hono();
  app.use('/webhooks/*', async (c, next) => {
    await next();
    webhooks.set(c.res.status, (webhooks.get(c.res.status) ?? 0) + 1);
  });
  app.onError((error, c) => {
    logger.error({ path: c.req.path, error: explain(error) }, 'a request failed');
    // The sender of a webhook keeps it and sends it again.
    return c.json({ error: 'the request could not be handled; send it again' }, 503);
  });
  app.notFound((c) => c.json({ error: `there is no ${c.req.method} ${c.req.path}` }, 404));

  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.get('/ready', async (c) => {
    const reachable =
      isReady() && (await Promise.race([answers(sql), sleep(READY_MS, false, { ref: false })]));
    return c.json({ status: reachable ? 'ready' : 'not ready' }, reachable ? 200 : 503);
  });
  app.get('/metrics', async (c) =>
    c.text(await metricsText(sql, pipeline.counts, webhooks), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );

  return app;
}

/** Throws `UserError` (unavailable) where the port is taken. */
export async function startHttp(options: HttpOptions): Promise<RunningHttp> {
  const { host, port, limits = LIMITS } = options;
  const webhooks = new Map([200, 401, 404, 413, 503].map((status) => [status, 0]));
  const takeWebhook = createWebhookListener({
    ...options,
    explain: options.explain ?? inShort,
    heldBytes: limits.heldBytes ?? HELD_BYTES,
    count: (status) => void webhooks.set(status, (webhooks.get(status) ?? 0) + 1),
  });
  const answer = getRequestListener(createApp(options, webhooks).fetch, {
    overrideGlobalObjects: false,
  });
  const server = createServer(
    // Node looks every 30 s unless told, and gives a request 5 minutes.
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.requestMs / 10,
    },
    (request, response) => {
      // Of a connection `<connection>/<endpoint id>`; of a printer without one
      // `<organization id>/<printer>`.
      if (!takeWebhook(request, response)) void answer(request, response);
    },
  );
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  server.on('error', (error) =>
    options.logger.error({ error: error.message }, 'the HTTP server reports an error'),
  );
  const address = server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const patience = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(patience);
    },
  };
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new UserError(
        exitCodes.unavailable,
        `port ${port} of ${host} is in use`,
        'another runner may be listening there: choose another with --port, any free one with ' +
          '--port 0, or none with --no-http. Nothing was started',
        error,
      );
    case 'EACCES':
      return new UserError(
        exitCodes.noRights,
        `no right to listen on port ${port} of ${host}`,
        'choose a port from 1024 on with --port. Nothing was started',
        error,
      );
    default:
      return new UserError(
        exitCodes.unavailable,
        `cannot listen on ${host}, port ${port} (${error.code ?? error.message})`,
        'choose another address with --host. Nothing was started',
        error,
      );
  }
}

async function answers(sql: Sql): Promise<boolean> {
  return await sql`select 1`.then(
    () => true,
    () => false,
  );
}
