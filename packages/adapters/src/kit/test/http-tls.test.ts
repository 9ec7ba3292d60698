import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loader } from '../../../../../test/support/loader.ts';
import { rawServer } from './sockets.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const client = fileURLToPath(new URL('tls-client.ts', import.meta.url));

describe('Requests over TLS', { skip: hasOpenssl ? false : 'there is no openssl' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  let port = 0;
  let connections = 0;
  const bodies: string[] = [];

  before(async () => {
    spawnSync(
      'openssl',
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=a.test'
        .split(' ')
        .concat('-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate),
    );
    const server = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (request, response) => {
        request.setEncoding('utf8').on('data', (chunk: string) => bodies.push(chunk));
        request.on('end', () => response.end('{}'));
      },
    );
    server.on('secureConnection', (socket) => {
      connections += 1;
      socket.unref();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    server.unref();
    port = (server.address() as AddressInfo).port;
  });
  after(() => rmSync(folder, { recursive: true }));

  // A process of its own: what it trusts is read when it starts.
  async function ask(
    env: Readonly<Record<string, string>>,
    ...urls: string[]
  ): Promise<{ [key: string]: unknown }[]> {
    const { stdout } = await promisify(execFile)(process.execPath, [...loader, client, ...urls], {
      env: { ...process.env, ...env },
    });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { [key: string]: unknown });
  }

  it('arrive where the certificate is right, over one connection that is kept', async () => {
    const url = `https://localhost:${port}/`;
    const outcomes = await ask({ NODE_EXTRA_CA_CERTS: certificate }, url, url, url);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['answer', 'answer', 'answer'],
    );
    assert.deepEqual([connections, bodies.length], [1, 3]);
  });

  it('are proven not sent where nobody vouches for the certificate, or it is of another', async () => {
    bodies.length = 0;
    const [stranger] = await ask({}, `https://localhost:${port}/`);
    assert.equal(stranger?.['kind'], 'not_sent');
    assert.match(String(stranger['message']), /DEPTH_ZERO_SELF_SIGNED_CERT\); nothing was sent/);
    const [other] = await ask({ NODE_EXTRA_CA_CERTS: certificate }, `https://127.0.0.1:${port}/`);
    assert.equal(other?.['kind'], 'not_sent');
    assert.match(String(other['message']), /ERR_TLS_CERT_ALTNAME_INVALID/);
    assert.deepEqual(bodies, []);
  });

  const older =
    Number(process.versions.node.split('.')[0]) < 24 &&
    'this Node knows no proxy of its environment';

  /** Lets requests through to the server, and to nobody else. */
  async function proxyBefore(): Promise<{ readonly url: string; readonly open: Set<string> }> {
    const open = new Set<string>();
    const { url } = await rawServer({
      onData: (socket, all) => {
        const target = /^(?:CONNECT|POST) (\S+) [^]*\r\n\r\n/.exec(all)?.[1];
        if (target === undefined) return;
        open.add(target);
        if (!target.endsWith(`:${port}`)) {
          socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
          return;
        }
        const onward = connect(port, '127.0.0.1', () => {
          socket.removeAllListeners('data');
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(onward).pipe(socket);
        });
      },
    });
    return { url, open };
  }

  function behind(proxy: { readonly url: string }): Record<string, string> {
    return {
      NODE_EXTRA_CA_CERTS: certificate,
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
      http_proxy: proxy.url,
      NO_PROXY: '',
      no_proxy: '',
    };
  }

  it(
    'go through the proxy of the environment, and are proven not sent where it says no',
    {
      skip: older,
    },
    async () => {
      const proxy = await proxyBefore();
      bodies.length = 0;
      const [through, refused] = await ask(
        behind(proxy),
        `https://localhost:${port}/`,
        'https://localhost:9/',
      );
      assert.equal(through?.['kind'], 'answer');
      assert.deepEqual([...proxy.open], [`localhost:${port}`, 'localhost:9']);
      assert.equal(refused?.['kind'], 'not_sent', JSON.stringify(refused));
      assert.deepEqual(bodies, ['{"card":1}']);
    },
  );

  it(
    'go past that proxy where addresses were judged: it would look the name up by itself',
    {
      skip: older,
    },
    async () => {
      const proxy = await proxyBefore();
      bodies.length = 0;
      const outcomes = await ask(
        behind(proxy),
        `judged:https://localhost:${port}/`,
        'judged:http://localhost:9/',
      );
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['answer', 'not_sent'],
      );
      assert.deepEqual([...proxy.open], []);
      assert.deepEqual(bodies, ['{"card":1}']);
      assert.match(String(outcomes[1]?.['message']), /cannot be reached \(ECONNREFUSED\)/);
    },
  );
});
