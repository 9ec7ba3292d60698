/** A server that only notes when requests arrive, as a provider counts them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CountingServer extends AsyncDisposable {
  readonly url: string;
  /** By the machine's clock that only goes forward, in milliseconds. */
  readonly arrivals: number[];
  /** When each of them was sent, by the same clock, as the request says. */
  readonly sent: number[];
  /** The longest time, as the requests say, that a process which sends them was kept from it. */
  readonly stalledMs: number;
  /** By who asked: the path of the request. */
  readonly by: Map<string, number>;
  /** Answers 429 from now on, to so many requests. */
  refuse(requests: number): void;
  readonly refused: number[];
}

/** The same in all processes of the machine. */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function countingServer(answerAfterMs = 150): Promise<CountingServer> {
  const arrivals: number[] = [];
  const sent: number[] = [];
  const refused: number[] = [];
  const by = new Map<string, number>();
  let toRefuse = 0;
  let stalledMs = 0;
  const server: Server = createServer((request, response) => {
    const now = machineNow();
    const who = request.url ?? '';
    stalledMs = Math.max(stalledMs, Number(request.headers['x-stalled']) || 0);
    if (toRefuse > 0) {
      toRefuse -= 1;
      refused.push(now);
      response.writeHead(429).end();
      return;
    }
    arrivals.push(now);
    sent.push(Number(request.headers['x-sent']));
    by.set(who, (by.get(who) ?? 0) + 1);
    setTimeout(() => response.end('{}'), answerAfterMs);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arrivals,
    sent,
    get stalledMs() {
      return stalledMs;
    },
    by,
    refused,
    refuse: (requests) => {
      toRefuse += requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
