/** Servers by the byte: what a connection does is written by hand. They keep no process alive. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect } from 'node:net';

export interface RawServer {
  readonly url: string;
  /** What came in, connection by connection. */
  readonly seen: string[];
}

/** @param serve is called with each connection, and once more with each piece that comes in. */
export async function rawServer(serve: {
  readonly onConnect?: (socket: Socket) => void;
  readonly onData?: (socket: Socket, all: string) => void;
}): Promise<RawServer> {
  const seen: string[] = [];
  const server = createServer((socket) => {
    const at = seen.push('') - 1;
    socket.unref();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      seen[at] += chunk.toString('latin1');
      serve.onData?.(socket, seen[at] ?? '');
    });
    serve.onConnect?.(socket);
  });
  return { url: await listening(server), seen };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address where nothing listens. */
export async function refusingUrl(): Promise<string> {
  const server = createServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return url;
}

/** Listens and never accepts; its backlog is full, so that no connection is made. */
export async function deafServer(): Promise<{ readonly url: string; close(): void }> {
  const script = `
    const server = require('node:net').createServer().listen(
      { host: '127.0.0.1', port: 0, backlog: 1 },
      () => {
        require('node:fs').writeSync(1, String(server.address().port));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30000);
      },
    );`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(
    await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk)))),
  );
  const waiting: Socket[] = [];
  // One after the other, until one has to wait.
  for (let full = false; !full;) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    waiting.push(socket);
    full = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false));
      setTimeout(resolve, 1_000, true);
    });
  }
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
