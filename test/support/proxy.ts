/**
 * A TCP proxy on loopback whose other end can be changed, and which can be cut: an address that
 * stays while servers come and go.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** New connections go there; null: they are refused. Those that are open stay. */
  lead(port: number | null): void;
  /** Ends every connection at once. */
  cut(): void;
}

export async function openProxy(to: number | null): Promise<Proxy> {
  let target = to;
  const open = new Set<Socket>();
  const keep = (socket: Socket, other: () => Socket): void => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      other().destroy();
    });
  };
  const server = createServer((client) => {
    if (target === null) {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    keep(client, () => upstream);
    keep(upstream, () => client);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    lead: (port) => {
      target = port;
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
