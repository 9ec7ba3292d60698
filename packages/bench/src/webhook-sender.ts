/**
 * The process outside of `bench webhooks`: it signs webhooks and posts them over so many
 * connections, each of which waits for its answer before it posts again. What is not answered with
 * 200 is sent again, as a provider does. It writes HTTP by hand, so that it takes little of the
 * cores that it shares with what it measures.
 */
import { createSecretKey } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { bodiesOf, eventAt, signed } from './event-bodies.ts';

export interface Sending {
  readonly url: string;
  readonly secret: string;
  readonly organizationId: string;
  readonly events: number;
  readonly connections: number;
  /** Each so many-th event is posted twice, at the same time. */
  readonly repeatEvery: number;
}

/** What the process tells its parent: how many were answered so far, and at the end all. */
export interface Sent {
  readonly answered: number;
  readonly over: boolean;
  /** Posted once more, so that a repeat is met. */
  readonly repeats: number;
  /** Not answered with 200, and sent again. */
  readonly again: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Answers by their duration: in tenths of a millisecond, the last ones all together. */
const durations = new Uint32Array(100_000);

function percentile(share: number): number {
  const all = durations.reduce((sum, many) => sum + many, 0);
  let seen = 0;
  const at = durations.findIndex((many) => (seen += many) >= all * share);
  return Math.max(0, at) / 10;
}

async function sendAll(sending: Sending, tell: (sent: Sent) => void): Promise<void> {
  const { events, repeatEvery, secret, organizationId } = sending;
  const { host, hostname, port, pathname } = new URL(sending.url);
  let [next, answered, repeats, again] = [0, 0, 0, 0];
  const waiting: number[] = [];
  const began = performance.now();
  const told = (over: boolean): void =>
    tell({
      answered,
      over,
      repeats,
      again,
      seconds: (performance.now() - began) / 1000,
      p50Ms: percentile(0.5),
      p99Ms: percentile(0.99),
    });

  const take = (): number | null => {
    const kept = waiting.pop();
    if (kept !== undefined) return kept;
    if (next === events) return null;
    const n = next++;
    if (n % repeatEvery === repeatEvery - 1) {
      repeats += 1;
      waiting.push(n);
    }
    return n;
  };
  const bodyOf = bodiesOf(organizationId);
  const key = createSecretKey(Buffer.from(secret));
  const head =
    `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n` +
    'content-length: ';
  // Letters of ASCII alone: as many bytes as letters, and each is written as it is.
  const request = (n: number): string => {
    const body = bodyOf(eventAt(n, events));
    return `${head}${body.length}\r\n${signed(body, key)}\r\n${body}`;
  };

  /** One connection, until all is sent; true where the other side has ended it. */
  const post = async (): Promise<boolean> =>
    await new Promise((resolve) => {
      const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let [n, at, heard]: [number | null, number, string] = [null, 0, ''];
      const go = (): void => {
        n = take();
        if (n === null) {
          socket.end();
          return;
        }
        at = performance.now();
        heard = '';
        socket.write(request(n), 'latin1');
      };
      socket.on('connect', go);
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
        if (!isWhole(heard)) return;
        const took = Math.round((performance.now() - at) * 10);
        const tenth = Math.min(took, durations.length - 1);
        durations[tenth] = (durations[tenth] ?? 0) + 1;
        if (heard.startsWith('HTTP/1.1 200')) answered += 1;
        else {
          again += 1;
          if (n !== null) waiting.push(n);
        }
        n = null;
        go();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        const isLost = n !== null;
        if (n !== null) {
          again += 1;
          waiting.push(n);
        }
        resolve(isLost || waiting.length > 0);
      });
    });
  const connection = async (): Promise<void> => {
    while (await post()) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const progress = setInterval(() => told(false), 500);
  await Promise.all(Array.from({ length: sending.connections }, connection));
  clearInterval(progress);
  told(true);
}

function isWhole(heard: string): boolean {
  const end = heard.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(heard)?.[1];
  return length === undefined
    ? heard.endsWith('\r\n0\r\n\r\n')
    : heard.length - end - 4 >= Number(length);
}

process.once('message', (sending: Sending) => {
  void sendAll(sending, (sent) => process.send?.(sent, () => undefined)).then(() =>
    process.disconnect(),
  );
});
