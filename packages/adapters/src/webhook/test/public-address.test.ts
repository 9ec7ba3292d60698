/** A webhook reaches the public internet, and what the installation allows: nothing else. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import { contractContext, exampleEffect } from '@postrider/core/contract';
import fc from 'fast-check';
import { server } from '../../../test/answering.ts';
import { wiringAt } from '../../../test/helpers.ts';
import { sendRequest } from '../../kit/http.ts';
import { createWebhookSink } from '../index.ts';
import { isPublicAddress, judge, parseNetworks } from '../public-address.ts';

const nothing = new BlockList();
const RUNS = { numRuns: 2000 };
const byte = fc.integer({ min: 0, max: 255 });

function dotted(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** An IPv4 address of this network, from RFC 6890 and its successors. */
function within(network: string): fc.Arbitrary<string> {
  const [address = '', length = ''] = network.split('/');
  const base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return fc
    .integer({ min: 0, max: 2 ** (32 - Number(length)) - 1 })
    .map((offset) => dotted((base + offset) % 2 ** 32));
}
const closed = fc.oneof(
  ...[
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ].map(within),
);
/** All ways in which IPv6 writes an IPv4 address. */
function asIpv6(address: string): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
  return [
    `::ffff:${address}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:FFFF:${high}:${low}`,
    `::${high}:${low}`,
    `::${address}`,
    `64:ff9b::${high}:${low}`,
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::1`,
  ];
}

describe('A public address', () => {
  it('is none of a private, local, shared or special network, however it is written', () => {
    fc.assert(
      fc.property(closed, (address) => {
        for (const one of [address, ...asIpv6(address)])
          assert.equal(isPublicAddress(one), false, one);
      }),
      RUNS,
    );
  });

  it('of IPv6 is within 2000::/3', () => {
    const word = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        const [first = 0] = words;
        const address = words.map((one) => one.toString(16)).join(':');
        if (first < 0x2000 || first > 0x3fff)
          assert.equal(isPublicAddress(address), false, address);
      }),
      RUNS,
    );
    for (const address of ['::1', '::', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', 'ff02::1'])
      assert.equal(isPublicAddress(address), false, address);
  });

  it('is everything else', () => {
    for (const address of [
      '1.1.1.1',
      '8.8.8.8',
      '100.63.255.255',
      '100.128.0.0',
      '172.15.255.255',
      '172.32.0.1',
      '192.167.1.1',
      '223.255.255.255',
      '2606:4700:4700::1111',
      '2a00:1450:4001:82a::200e',
      '::ffff:8.8.8.8',
    ])
      assert.equal(isPublicAddress(address), true, address);
    fc.assert(
      fc.property(fc.string(), (text) => {
        isPublicAddress(text);
      }),
      RUNS,
    );
  });
});

describe('A URL', () => {
  const judged = async (url: string, addresses: readonly string[] = [], allowed = nothing) =>
    await judge(
      new URL(url),
      allowed,
      async () =>
        await Promise.resolve(
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
    );

  it('is closed where one of its addresses is, wherever that stands among them', async () => {
    await fc.assert(
      fc.asyncProperty(closed, byte, async (address, at) => {
        const open = ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111'];
        const some = open.toSpliced(at % 4, 0, address);
        assert.equal((await judged('https://example.com/', some)).outcome, 'closed');
      }),
      { numRuns: 300 },
    );
    assert.deepEqual(await judged('https://example.com/', ['8.8.8.8']), {
      outcome: 'reachable',
      addresses: [{ address: '8.8.8.8', family: 4 }],
    });
  });

  it('is judged by what it means, and not by how it is written', async () => {
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.0.0.1.',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '169.254.169.254',
      '0',
    ])
      assert.equal((await judged(`https://${host}/`)).outcome, 'closed', host);
  });

  it('goes where the installation allows it, and without TLS nowhere else', async () => {
    const allowed = parseNetworks('10.1.0.0/16, 127.0.0.1 fd00::/8');
    assert.ok(allowed);
    const outcome = async (url: string, address: string): Promise<string> =>
      (await judged(url, [address], allowed)).outcome;
    assert.equal(await outcome('http://shop.internal/', '10.1.2.3'), 'reachable');
    assert.equal(await outcome('https://shop.internal/', 'fd00::7'), 'reachable');
    assert.equal(await outcome('http://shop.internal/', '10.2.2.3'), 'closed');
    assert.equal(await outcome('https://shop.internal/', '127.0.0.2'), 'closed');
    assert.equal(await outcome('http://example.com/', '8.8.8.8'), 'closed');
    for (const text of ['10.0.0.0/33', '10.0.0.0/', 'example.com', '::/129', '10.0.0.0/8/8'])
      assert.equal(parseNetworks(text), null, text);
  });

  it('that cannot be looked up says so', async () => {
    const failing = async (): Promise<never> =>
      await Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    const told = await judge(new URL('https://nowhere.example/'), nothing, failing);
    assert.equal(told.outcome, 'not_found');
    assert.match(told.outcome === 'not_found' ? told.message : '', /ENOTFOUND.*nothing was sent/);
    assert.equal((await judged('https://example.com/', [])).outcome, 'not_found');
  });

  it('is connected to the address that was judged, whatever its name says a moment later', async () => {
    const { url, seen } = await server((_request, response) => void response.writeHead(204).end());
    const outcome = await sendRequest({
      method: 'POST',
      // A name that the resolver of this machine does not know.
      url: url.replace('127.0.0.1', 'rebinding.invalid'),
      headers: {},
      body: '{}',
      addresses: [{ address: '127.0.0.1', family: 4 }],
      timeoutMs: 5000,
      signal: new AbortController().signal,
    });
    assert.equal(outcome.kind, 'answer');
    assert.match(String(seen[0]?.headers.host), /^rebinding\.invalid:/);
  });

  it('that is closed is sent nothing', async () => {
    const { url, seen } = await server((_request, response) => void response.writeHead(204).end());
    const sink = createWebhookSink(
      { url },
      wiringAt('/', { WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}` }),
    );
    const [result] = await sink.emit([exampleEffect()], contractContext());
    assert.match(JSON.stringify(result), /127\.0\.0\.1, which is no public address/);
    assert.equal(seen.length, 0);
  });
});
