/**
 * Puts together what the twin of Klaviyo needs from Klaviyo's official files of one operation each
 * (github.com/klaviyo/openapi, `openapi/stable/apis`, revision 2026-07-15):
 * `tsx packages/twins/scripts/cut-klaviyo-openapi.ts create_event.json bulk_create_events.json`
 * writes `src/klaviyo/openapi.json`. Prose is left out. The question that probes an account is
 * written here, as far as the twin answers it.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Node = Record<string, unknown>;
interface Official {
  readonly openapi: string;
  readonly info: Node;
  readonly servers: unknown;
  readonly security: unknown;
  readonly paths: Node;
  readonly components: Readonly<Record<string, Node>>;
}

const files = process.argv.slice(2);
if (files.length !== 2)
  throw new Error('Name the official files: create_event.json bulk_create_events.json.');
const official = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Official);
const [first] = official;
if (first === undefined) throw new Error('There is no file.');

const components: Record<string, Node> = {};
for (const one of official)
  for (const [group, parts] of Object.entries(one.components))
    for (const [name, part] of Object.entries(parts)) {
      const known = (components[group] ??= {});
      // The same name means the same in both.
      if (name in known) deepStrictEqual(known[name], part, `${group} ${name}`);
      known[name] = part;
    }

const fields = ['contact_information', 'contact_information.organization_name', 'test_account'];
const account = {
  type: 'object',
  required: ['type', 'id', 'attributes', 'links'],
  properties: {
    type: { type: 'string', enum: ['account'] },
    id: { type: 'string' },
    attributes: {
      type: 'object',
      properties: {
        test_account: { type: 'boolean' },
        contact_information: { type: 'object' },
      },
    },
    links: { type: 'object', required: ['self'] },
  },
};
const accounts = {
  get: {
    operationId: 'get_accounts',
    parameters: [
      {
        name: 'fields[account]',
        in: 'query',
        schema: { type: 'array', items: { type: 'string', enum: fields } },
        explode: false,
      },
      { name: 'revision', in: 'header', required: true, schema: { type: 'string' } },
    ],
    responses: {
      '200': {
        description: 'Success',
        content: {
          'application/vnd.api+json': {
            schema: {
              type: 'object',
              required: ['data'],
              properties: { data: { type: 'array', items: account } },
            },
          },
        },
      },
      '4XX': { $ref: '#/components/responses/ClientError' },
      '5XX': { $ref: '#/components/responses/ServerError' },
    },
    'x-klaviyo-ratelimit': { burst: '1/s', steady: '15/m' },
    'x-klaviyo-scopes': ['accounts:read'],
  },
};

/** A response must have a description; elsewhere it is prose. */
function withoutProse(node: unknown, inProperties = false): unknown {
  if (Array.isArray(node)) return node.map((one) => withoutProse(one));
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'tags' || name === 'summary' || name === 'termsOfService') return [];
    if (name === 'example' || name === 'examples') return [];
    if (name === 'description' && !inProperties && typeof value === 'string')
      return value === 'Success' || value.endsWith(' Error') ? [[name, value]] : [];
    return [[name, withoutProse(value, name === 'properties')]];
  });
  return Object.fromEntries(entries);
}

/**
 * `nullable` beside no type is no schema, and ajv refuses it: beside alternatives it goes into the
 * first of them, beside a reference the standard has it ignored.
 */
function withTypes(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withTypes);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([name, value]) => [name, withTypes(value)] as const);
  const { nullable, ...rest } = Object.fromEntries(entries) as Node & { oneOf?: Node[] };
  if (nullable === undefined || 'type' in rest || typeof nullable !== 'boolean')
    return Object.fromEntries(entries);
  const [one, ...others] = rest.oneOf ?? [];
  return one === undefined ? rest : { ...rest, oneOf: [{ ...one, nullable }, ...others] };
}

const cut = withoutProse({
  openapi: first.openapi,
  info: first.info,
  servers: first.servers,
  security: first.security,
  paths: Object.assign({}, { '/api/accounts': accounts }, ...official.map(({ paths }) => paths)),
  components,
});

writeFileSync(
  join(import.meta.dirname, '../src/klaviyo/openapi.json'),
  `${JSON.stringify(withTypes(cut), null, 1)}\n`,
);
