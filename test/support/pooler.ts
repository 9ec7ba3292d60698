/**
 * A pooler in transaction mode: any number of clients, and a session of the server for as long as a
 * transaction takes. Who is told the id of a session is told one that is none, as by all poolers.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Pooler extends AsyncDisposable {
  readonly port: number;
}

/**
 * `path` is the socket of the server, which lets this process in without a password. All clients
 * are of one user and one database.
 */
export async function openPooler(path: string): Promise<Pooler> {
  const idle: Session[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => undefined);
    serve(
      client,
      async (asked) => idle.pop() ?? (await begin(asked)),
      (session) => idle.push(session),
    );
  });
  const begin = async (asked: Buffer): Promise<Session> => {
    const socket = connect(path);
    open.add(socket);
    const session = new Session(socket);
    socket.write(startupLike(asked));
    await session.ready((): void => undefined);
    return session;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As the client has sent it, without its settings. */
function startupLike(asked: Buffer): Buffer {
  const told = asked.toString('utf8', 8).split('\0');
  const of = (name: string): string => `${name}\0${told[told.indexOf(name) + 1] ?? ''}\0`;
  const words = Buffer.from(`${of('user')}${of('database')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(words.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, words]);
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Takes whole messages from a stream; `typed` ones begin with a letter. */
class Messages {
  #bytes = Buffer.alloc(0);
  add(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }
  take(typed: boolean): Buffer | null {
    const at = typed ? 1 : 0;
    if (this.#bytes.length < at + 4) return null;
    const length = this.#bytes.readInt32BE(at) + at;
    if (this.#bytes.length < length) return null;
    const one = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return one;
  }
}

class Session {
  readonly socket: Socket;
  readonly #messages = new Messages();
  #tell: (one: Buffer) => void = () => undefined;
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      this.#messages.add(bytes);
      for (let one = this.#messages.take(true); one !== null; one = this.#messages.take(true))
        this.#tell(one);
    });
  }
  listen(tell: (one: Buffer) => void): void {
    this.#tell = tell;
  }
  async ready(tell: (one: Buffer) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.listen((one) => {
        tell(one);
        if (one[0] === 0x5a) resolve();
      });
    });
  }
}

const SSL_REQUEST = 80_877_103;
const login = message('R', Buffer.alloc(4));
const version = message('S', Buffer.from('server_version\x0018.0\0'));
const id = message('K', Buffer.from([0x7f, 0, 0, 1, 0, 0, 0, 1]));
const ready = message('Z', Buffer.from('I'));

function serve(
  client: Socket,
  take: (asked: Buffer) => Promise<Session>,
  giveBack: (session: Session) => void,
): void {
  const messages = new Messages();
  let asked: Buffer | null = null;
  let session: Promise<Session> | null = null;
  client.on('data', (bytes: Buffer) => {
    messages.add(bytes);
    for (;;) {
      const one = messages.take(asked !== null);
      if (one === null) return;
      if (asked === null && one.readInt32BE(4) === SSL_REQUEST) {
        client.write('N');
      } else if (asked === null) {
        asked = one;
        client.write(Buffer.concat([login, version, id, ready]));
      } else {
        session ??= take(asked).then((taken) => lend(taken));
        void session.then(({ socket }) => socket.write(one));
      }
    }
  });
  const lend = (taken: Session): Session => {
    taken.listen((answer) => {
      client.write(answer);
      // The transaction is over.
      if (answer[0] !== 0x5a || answer[5] !== 0x49) return;
      session = null;
      taken.listen(() => undefined);
      giveBack(taken);
    });
    return taken;
  };
}
