/**
 * The forms in which people have an address: a URI as libpq reads it, JDBC's, SQLAlchemy's, and
 * libpq's key words. Each becomes pairs of a parameter and its value, in the order of the text.
 */
import { DatabaseAddressError, LOOKS_LIKE, noAddress } from './problem.ts';

export type Pair = readonly [name: string, value: string];

/** The pairs of an address. Throws `DatabaseAddressError`. */
export function pairsOf(text: string): readonly Pair[] {
  const address = unwrapped(text);
  if (address === '') throw noAddress('is empty');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1];
  const isUri = /^(?:jdbc:)?postgres(?:ql)?(?:\+[a-z0-9_]+)?:\/\//i.exec(address)?.[0];
  if (isUri !== undefined) return ofUri(address.slice(isUri.length));
  const short = /^jdbc:postgres(?:ql)?:\/?/i.exec(address)?.[0];
  if (short !== undefined) return ofUri(`/${address.slice(short.length)}`);
  if (scheme !== undefined && address.slice(scheme.length).startsWith('://'))
    throw new DatabaseAddressError(
      'is not the address of a database',
      `${LOOKS_LIKE}; this begins with ${scheme}://`,
    );
  if (/^[a-z][\w ]*=[^;=]*;\s*[a-z][\w ]*=/i.test(address))
    throw noAddress('is an address in the form of .NET, which is not read here');
  if (/^[a-z]\w*\s*=/i.test(address)) return ofKeyWords(address);
  throw noAddress();
}

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '<': '>',
};

/** Without what was copied with it: blanks, quotes, the name of a variable, `psql`. */
function unwrapped(text: string): string {
  let address = text;
  for (;;) {
    const before = address;
    address = address.replace(/^[\s\u200b\u2060]+|[\s\u200b\u2060;]+$/g, '');
    address = address.replace(/^(?:export\s+)?[A-Z][A-Z0-9_]*=(?=['"]?(?:jdbc:|postgres))/, '');
    address = address.replace(/^psql\s+(?=['"]?postgres)/, '');
    const last = QUOTES[address.charAt(0)];
    if (last !== undefined && address.length > 1 && address.endsWith(last))
      address = address.slice(1, -1);
    if (address === before) return address;
  }
}

/** What follows `postgres://`. */
function ofUri(rest: string): readonly Pair[] {
  if (/[\r\n]/.test(rest))
    throw new DatabaseAddressError(
      'has a line break in it',
      'write it in one line; nothing else is wrong',
    );
  const { credentials, server } = parted(rest);
  const colon = credentials?.indexOf(':') ?? -1;
  const user = colon < 0 ? (credentials ?? '') : credentials?.slice(0, colon);
  const password = colon < 0 ? undefined : credentials?.slice(colon + 1);
  const [, hosts = '', path = '', query = ''] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(server) ?? [];
  return [
    ...(user === undefined || user === '' ? [] : [pair('user', user, 'user name')]),
    ...(password === undefined || password === '' ? [] : [pair('password', password, 'password')]),
    ...ofHosts(hosts),
    ...(path === '' ? [] : [pair('dbname', path, 'name of the database')]),
    ...ofQuery(query),
  ];
}

/**
 * As libpq parts them: who logs in ends at the first @ that no / stands before. A second @, or one
 * behind the first /, is of a password that was not encoded.
 */
function parted(rest: string): { credentials: string | null; server: string } {
  const query = rest.search(/\?[\w.-]+=/);
  const head = query < 0 ? rest : rest.slice(0, query);
  const at = head.indexOf('@');
  const slash = head.indexOf('/');
  const last = head.lastIndexOf('@');
  const colon = head.indexOf(':');
  const isLoose = slash >= 0 && colon >= 0 && colon < slash && slash < last;
  if (at !== last || isLoose)
    throw notEncoded(head.slice(colon + 1, last), colon >= 0 && colon < last);
  if (at < 0 || (slash >= 0 && slash < at)) return { credentials: null, server: rest };
  return { credentials: rest.slice(0, at), server: rest.slice(at + 1) };
}

const SPECIAL = /[@/?#%:[\] ]/g;

function notEncoded(secret: string, isPassword: boolean): DatabaseAddressError {
  const found = [...new Set(secret.match(SPECIAL) ?? ['@'])];
  const codes = found.map((sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const names = found.map((sign) => (sign === ' ' ? 'a blank' : sign));
  return new DatabaseAddressError(
    `has a ${isPassword ? 'password' : 'user name'} with ${names.join(' and ')} in it as ` +
      `${found.length > 1 ? 'they are' : 'it is'}`,
    `in an address ${found.length > 1 ? 'they are' : 'it is'} written ${codes.join(' and ')}`,
  );
}

function pair(name: string, text: string, what: string): Pair {
  if (/%(?![\da-f]{2})/i.test(text))
    throw new DatabaseAddressError(
      `has a ${what} with % in it as it is`,
      'in an address it is written %25',
    );
  if (/%00/.test(text)) throw noAddress(`has a ${what} with a zero byte in it`);
  try {
    return [name, decodeURIComponent(text)];
  } catch {
    throw noAddress(`has a ${what} whose percent-encoding is not UTF-8`);
  }
}

function ofHosts(text: string): readonly Pair[] {
  if (text === '') return [];
  const all = text.split(',').map((one) => {
    const [, bracketed, name, port] =
      /^(?:\[([\da-f:.%]+)\]|([^:[\]]*))(?::([^:]*))?$/i.exec(one) ?? [];
    if (bracketed === undefined && name === undefined)
      throw noAddress(
        one.split(':').length > 2 && !one.includes('[')
          ? 'has a host with several colons; an IPv6 address stands in [brackets]'
          : 'has a host that is none',
      );
    const [, host] = pair('host', bracketed ?? name ?? '', 'host');
    return { host, port: port ?? '' };
  });
  const ports = all.map(({ port }) => port);
  return [
    ...(all.some(({ host }) => host !== '')
      ? [['host', all.map(({ host }) => host).join(',')] as const]
      : []),
    ...(ports.some((port) => port !== '') ? [['port', ports.join(',')] as const] : []),
  ];
}

function ofQuery(text: string): readonly Pair[] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const [, name] = pair('name', equals < 0 ? part : part.slice(0, equals), 'parameter');
      return pair(name, equals < 0 ? '' : part.slice(equals + 1), `value of ${name}`);
    });
}

/** `host=… dbname='…'`, as libpq reads it: a backslash keeps the next letter as it is. */
function ofKeyWords(text: string): readonly Pair[] {
  const pairs: Pair[] = [];
  const one =
    /\s*([a-z][\w.]*)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?)(?=\s|$)/giy;
  let end = 0;
  for (const found of text.matchAll(one)) {
    const [all, name = '', quoted, bare = ''] = found;
    pairs.push([name, (quoted ?? bare).replace(/\\(.)/gs, '$1')]);
    end = found.index + all.length;
  }
  if (text.slice(end).trim() === '') return pairs;
  const after = pairs.at(-1)?.[0];
  throw new DatabaseAddressError(
    `cannot be read ${after === undefined ? '' : `after its ${after}`}`.trim(),
    "it is name=value, one after the other; a value with blanks stands in 'quotes'",
  );
}
