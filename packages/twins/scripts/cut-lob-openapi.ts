/**
 * Cuts what the twin of Lob needs out of Lob's official OpenAPI file, which describes sixty paths
 * in a megabyte of YAML. `tsx packages/twins/scripts/cut-lob-openapi.ts <lob-api-bundled.yml>`
 * writes `src/lob/openapi.json`. Prose and code samples are left out; examples stay, because tests
 * read them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

type Node = Record<string, unknown>;

const PATHS = ['/postcards', '/postcards/{psc_id}', '/us_verifications', '/bulk/us_verifications'];

const [source] = process.argv.slice(2);
if (source === undefined) throw new Error('Name the official file: lob-api-bundled.yml.');
const official = parse(readFileSync(source, 'utf8')) as Node & { paths: Node; components: Node };

/** The event that the file shows is kept; its schema would bring in every product of Lob's. */
function withoutSchema(event: unknown): unknown {
  const { description, content } = event as { description: string; content: Node };
  const { example } = content['application/json'] as Node;
  return { description, content: { 'application/json': { example } } };
}

const kept: Node & { paths: Node; components: Record<string, Node> } = {
  openapi: official['openapi'],
  info: official['info'],
  servers: official['servers'],
  security: official['security'],
  paths: Object.fromEntries(PATHS.map((path) => [path, official.paths[path]])),
  components: { securitySchemes: official.components['securitySchemes'] as Node },
  'x-events': withoutSchema((official.components['responses'] as Node)['events']),
};

/** Takes along what is referred to, and what that refers to. */
function follow(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name !== '$ref' || typeof value !== 'string') {
      follow(value);
      continue;
    }
    const [, , kind = '', component = ''] = value.split('/');
    const group = (kept.components[kind] ??= {});
    if (component in group) continue;
    group[component] = (official.components[kind] as Node)[component];
    follow(group[component]);
  }
}

/** A response must have a description; elsewhere it is prose. */
function withoutProse(node: unknown, inResponse = false, properties = false): unknown {
  if (Array.isArray(node)) return node.map((one) => withoutProse(one));
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'x-codeSamples' || name === 'tags' || name === 'summary') return [];
    if (name === 'description' && !properties && typeof value === 'string')
      return inResponse && 'content' in node ? [[name, value.split(/[.\n]/)[0]]] : [];
    if (name === 'example' || name === 'examples') return [[name, value]];
    return [[name, withoutProse(value, true, name === 'properties')]];
  });
  return Object.fromEntries(entries);
}

follow(kept.paths);
const cut = withoutProse(kept) as typeof kept;

const schemas = cut.components['schemas'] ?? {};

/**
 * Where the file contradicts its own examples, they are believed: no link of theirs has this form,
 * with a query that no question mark begins.
 */
delete (schemas['signed_link'] as Node)['pattern'];

/** `nullable` beside no type is no schema, and ajv refuses it. */
for (const part of (schemas['postcard'] as { allOf: { properties?: Node }[] }).allOf) {
  const reason = part.properties?.['failure_reason'] as { allOf: unknown[] } | undefined;
  reason?.allOf.splice(1);
}

writeFileSync(
  join(import.meta.dirname, '../src/lob/openapi.json'),
  `${JSON.stringify(cut, null, 1)}\n`,
);
