/** A receiver of webhooks that judges their signatures. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { SECRET } from './helpers.ts';

export interface Told {
  readonly id: string;
  readonly type: string;
  readonly piece: string;
  readonly body: {
    readonly id: string;
    readonly metadata?: object;
    readonly deleted?: boolean;
    readonly status?: string;
    readonly tracking_events?: readonly { readonly name: string }[];
  };
  readonly enabledForTest: boolean;
  /** The header. */
  readonly timestamp: string;
  readonly signed: boolean;
}

/** @param answer gives the status; undefined is silence. */
export async function receiver(
  t: TestContext,
  answer: (told: Told) => number | undefined = () => 204,
): Promise<{ readonly url: string; readonly told: Told[] }> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      const timestamp = String(request.headers['lob-signature-timestamp']);
      const expected = createHmac('sha256', SECRET).update(`${timestamp}.${raw}`).digest('hex');
      const event = JSON.parse(raw) as {
        id: string;
        reference_id: string;
        event_type: { id: string; enabled_for_test: boolean };
        body: Told['body'];
      };
      const one: Told = {
        id: event.id,
        type: event.event_type.id,
        piece: event.reference_id,
        body: event.body,
        enabledForTest: event.event_type.enabled_for_test,
        timestamp,
        signed: request.headers['lob-signature'] === expected,
      };
      told.push(one);
      const status = answer(one);
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/lob`, told };
}
