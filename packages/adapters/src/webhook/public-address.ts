/**
 * Which addresses a webhook may go to. A URL comes from the author of a campaign file. It must not
 * reach what only this machine reaches: a database, a console, the credentials of a cloud. So the
 * name is looked up first, every address of it is judged, and the request then goes to one of just
 * these: a name that answers otherwise a moment later changes nothing.
 */
import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/** IANA's special-purpose registries, and addresses by which clouds answer their own machines. */
const closed4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Only 2000::/3 is anybody's; in it these are not, or hold an IPv4 address of anybody's choice. */
const open6 = '2000::/3';
const closed6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

const closedTo4 = listOf(closed4);
const openTo6 = listOf([open6]);
const closedTo6 = listOf(closed6);

/** An IPv4 address that is written as IPv6 is judged as what it is. */
function plain(address: string): string {
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(
    canonical(address),
  );
  if (mapped === null) return address;
  const [, dotted, high = '', low = ''] = mapped;
  if (dotted !== undefined) return dotted;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** `0:0:0:0:0:FFFF:7F00:1` as `::ffff:7f00:1`. */
function canonical(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** Whether an address is on the public internet, and nowhere else. */
export function isPublicAddress(given: string): boolean {
  const address = plain(given);
  switch (isIP(address)) {
    case 4:
      return !closedTo4.check(address, 'ipv4');
    case 6:
      return (
        // With a zone it is of a link.
        !address.includes('%') &&
        openTo6.check(address, 'ipv6') &&
        !closedTo6.check(address, 'ipv6')
      );
    default:
      return false;
  }
}

/**
 * Networks that are allowed although they are private: `10.1.0.0/16, 127.0.0.1`. Null where one of
 * them is none.
 */
export function parseNetworks(text: string): BlockList | null {
  const networks = text.split(/[\s,]+/).filter((network) => network !== '');
  const whole = networks.map((network) =>
    network.includes('/') ? network : `${network}/${isIP(network) === 6 ? 128 : 32}`,
  );
  const usable = whole.every((network) => {
    const [address = '', bits = '', ...rest] = network.split('/');
    const most = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
    return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  });
  return usable ? listOf(whole) : null;
}

function isAllowed(given: string, allowed: BlockList): boolean {
  const address = plain(given);
  const family = isIP(address);
  return (
    family !== 0 && !address.includes('%') && allowed.check(address, family === 6 ? 'ipv6' : 'ipv4')
  );
}

export type Judged =
  | { readonly outcome: 'reachable'; readonly addresses: readonly LookupAddress[] }
  /** Nothing was sent. */
  | { readonly outcome: 'closed' | 'not_found'; readonly message: string };

export type LookUp = (name: string) => Promise<readonly LookupAddress[]>;

/** The look-up itself has no end of its own. */
const LOOK_UP_MS = 5000;

async function lookUpAll(name: string): Promise<readonly LookupAddress[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), LOOK_UP_MS);
  try {
    return await Promise.race([lookup(name, { all: true, verbatim: true }), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks the name of a URL up, and judges all of its addresses: one that is closed closes it. */
export async function judge(
  url: URL,
  allowed: BlockList,
  lookUp: LookUp = lookUpAll,
): Promise<Judged> {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  let addresses: readonly LookupAddress[];
  try {
    addresses = isIP(name) === 0 ? await lookUp(name) : [{ address: name, family: isIP(name) }];
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return {
      outcome: 'not_found',
      message: `${name} cannot be looked up (${code}); nothing was sent.`,
    };
  }
  if (addresses.length === 0)
    return { outcome: 'not_found', message: `${name} has no address; nothing was sent.` };
  const wrong = addresses.find(
    ({ address }) => !isPublicAddress(address) && !isAllowed(address, allowed),
  );
  if (wrong !== undefined)
    return {
      outcome: 'closed',
      message:
        `${name} is at ${wrong.address}, which is no public address: nothing is sent. ` +
        'If it is meant, allow its network where the runners are: ' +
        `put ${wrong.address} into the secret WEBHOOK_PRIVATE_NETWORKS.`,
    };
  if (url.protocol === 'http:' && !addresses.every(({ address }) => isAllowed(address, allowed)))
    return {
      outcome: 'closed',
      message: `${name} is asked for without TLS: nothing is sent. Use https:.`,
    };
  return { outcome: 'reachable', addresses };
}
