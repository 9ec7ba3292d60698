/** Bodies that are no JSON: `application/x-www-form-urlencoded` and `multipart/form-data`. */

export interface FormFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

export type FormValue = string | FormFile | FormObject;
export interface FormObject {
  [name: string]: FormValue;
}

/** The fields of a form, with `to[name]=…` as an object in an object. */
export function readUrlEncoded(text: string): FormObject {
  return nest(new URLSearchParams(text));
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Null where it is no multipart body. */
export function readMultipart(body: Buffer, contentType: string): FormObject | null {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) return null;
  const delimiter = Buffer.from(`--${boundary}`);
  const next = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const fields: [string, string | FormFile][] = [];
  let at = body.indexOf(delimiter);
  if (at === -1) return null;
  for (;;) {
    const start = at + delimiter.length;
    // Two hyphens behind it end the body.
    if (body[start] === 0x2d && body[start + 1] === 0x2d) return nest(fields);
    const head = body.indexOf(HEAD_END, start);
    const end = head === -1 ? -1 : body.indexOf(next, head + 2);
    if (end === -1) return null;
    const part = readPart(body.toString('utf8', start + 2, head), body.subarray(head + 4, end));
    if (part === null) return null;
    fields.push(part);
    at = end + 2;
  }
}

function readPart(head: string, bytes: Buffer): [string, string | FormFile] | null {
  const headers = new Map(
    head.split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const disposition = headers.get('content-disposition') ?? '';
  const name = /[; ]name="([^"]*)"/.exec(disposition)?.[1];
  if (name === undefined) return null;
  const file = /filename="([^"]*)"/.exec(disposition)?.[1];
  if (file === undefined) return [name, bytes.toString()];
  const type = headers.get('content-type') ?? 'application/octet-stream';
  return [name, { name: file, type, bytes }];
}

export function isFile(value: unknown): value is FormFile {
  return typeof value === 'object' && value !== null && 'bytes' in value;
}

/** `a[b][c]=d` as objects in each other. A name that is told twice has the last value. */
export function nest(fields: Iterable<readonly [string, string | FormFile]>): FormObject {
  const whole: FormObject = {};
  for (const [name, value] of fields) {
    const path = name
      .split('[')
      .map((part, index) => (index === 0 ? part : part.replace(/\]$/, '')));
    let place = whole;
    for (const part of path.slice(0, -1)) {
      const inner = Object.hasOwn(place, part) ? place[part] : undefined;
      const next = typeof inner === 'object' && !isFile(inner) ? inner : {};
      if (next !== inner) set(place, part, next);
      place = next;
    }
    const last = path.at(-1) ?? '';
    // `include[]=a&include[]=b`
    set(place, last === '' ? String(Object.keys(place).length) : last, value);
  }
  return whole;
}

/** As an own property, also where it is called `__proto__`. */
function set(place: FormObject, name: string, value: FormValue): void {
  Object.defineProperty(place, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
