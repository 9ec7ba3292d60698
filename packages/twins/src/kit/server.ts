/** An HTTP server on this machine that hangs up on nobody who is just being served. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { exitCodes, hasCode, messageOf, TwinError } from './errors.ts';
import type { Env } from './requests.ts';

const HOST = '127.0.0.1';
/**
 * Longer than the pools of clients keep a connection: a twin never hangs up on a request that is
 * just being sent.
 */
const KEEP_ALIVE_MS = 120_000;
const ANSWER_MS = 500;

export class TwinServer {
  readonly #requests = new Map<Promise<void>, IncomingMessage>();
  readonly #closed = Promise.withResolvers<void>();
  #server: Server | null = null;
  #port = 0;
  #closing = false;

  /** True from the beginning of a stop on: nothing more of a request is done. */
  get closing(): boolean {
    return this.#closing;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  /** @param port 0: any that is free. Throws `TwinError` where it cannot be used. */
  async listen(app: Hono<Env> | RequestListener, port: number): Promise<void> {
    const server =
      typeof app === 'function'
        ? createServer(app)
        : (createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#server = server;
    await listen(server, port);
    const address = server.address();
    this.#port = address !== null && typeof address === 'object' ? address.port : port;
  }

  /** Waits for the request, and lets a stop wait for it too, as long as its body has come. */
  async attend(request: Promise<void>, incoming: IncomingMessage): Promise<void> {
    this.#requests.set(request, incoming);
    await request.finally(() => this.#requests.delete(request));
  }

  /** Resolves after `ms`, or when the twin closes. */
  pause(ms: number): Promise<void> {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const timer = Number.isFinite(ms) ? setTimeout(end, ms) : undefined;
    void this.#closed.promise.then(end);
    return promise.finally(() => clearTimeout(timer));
  }

  /** After a start that failed: nobody was served. */
  abandon(): void {
    this.#server?.close();
  }

  /** Takes no more requests, lets those under way end, and stops what they stood on. */
  async stop(stopParts: () => Promise<void>): Promise<void> {
    this.#closing = true;
    this.#closed.resolve();
    const server = this.#server;
    const ended = new Promise<void>((end) => {
      if (server === null) end();
      else server.close(() => end());
    });
    server?.closeIdleConnections();
    await this.settle();
    await stopParts();
    // Answers that are just being sent get a moment; who holds a connection open for nothing does
    // not.
    await Promise.race([ended, sleep(ANSWER_MS, undefined, { ref: false })]);
    server?.closeAllConnections();
    await ended;
  }

  /** Resolves when no request is under way. */
  async settle(): Promise<void> {
    // A client that is still sending gets a moment. Nothing of its request was done.
    const patience = setTimeout(() => {
      for (const incoming of this.#requests.values()) if (!incoming.complete) incoming.destroy();
    }, ANSWER_MS);
    await Promise.allSettled(this.#requests.keys());
    clearTimeout(patience);
  }
}

async function listen(server: Server, port: number): Promise<void> {
  if (port !== 0 && (await isBlocked(port))) {
    throw new TwinError(
      exitCodes.unavailable,
      `Port ${port} of ${HOST} is one that HTTP clients do not connect to. Choose another with --port, or 0 for any.`,
    );
  }
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => {
    const why = hasCode(error, 'EADDRINUSE') ? 'is in use' : `cannot be used: ${messageOf(error)}`;
    reject(
      new TwinError(
        exitCodes.unavailable,
        `Port ${port} of ${HOST} ${why}. Choose another with --port, or 0 for any.`,
        { cause: error },
      ),
    );
  });
  server.listen(port, HOST, listening);
  await promise;
}

/**
 * Fetch connects to some ports (22, 6000, …) never, even where somebody listens: a twin there would
 * be open, and found by nobody.
 */
async function isBlocked(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://${HOST}:${port}`, {
      method: 'HEAD',
      signal: AbortSignal.timeout(1000),
    });
    await answer.body?.cancel();
    return false;
  } catch (error) {
    return (
      error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port'
    );
  }
}
