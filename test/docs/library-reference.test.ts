/**
 * The reference of the library names all that there is: exports, options, settings with their
 * defaults, methods, kinds of errors.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { connect, createPipeline, defaultSettings, integrationsOf, VERSION } from '@postrider/core';
import { noopPorts } from '../pipeline/rig.ts';
import { machineErrors } from '../../packages/core/src/machine/errors.ts';

const root = join(import.meta.dirname, '../..');
const core = join(root, 'packages/core/src');
const page = readFileSync(join(root, 'docs/reference/library.md'), 'utf8');

function missing(names: readonly string[]): string[] {
  return names.filter((name) => !new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\``).test(page));
}

/** Names that a module exports, types included. */
function exportsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const from = (name: string): string => join(dirname(file), name);
  return [
    ...[...text.matchAll(/^export (?:async )?(?:const|class|interface|type|function) (\w+)/gm)].map(
      ([, name = '']) => name,
    ),
    ...[...text.matchAll(/^export (?:type )?\{([^}]+)\}/gm)].flatMap(([, names = '']) =>
      names.split(',').flatMap(
        (name) =>
          name
            .trim()
            .replace(/^type /, '')
            .split(' as ')
            .at(-1) ?? [],
      ),
    ),
    ...[...text.matchAll(/^export \* from '([^']+)'/gm)].flatMap(([, name = '']) =>
      exportsOf(from(name)),
    ),
  ].filter((name) => name !== '');
}

/** Members of an interface, as they stand in the source. */
function membersOf(file: string, name: string): string[] {
  const text = readFileSync(join(core, file), 'utf8');
  const body =
    new RegExp(`^export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => member);
}

void test('every export of the library is named', () => {
  const names = exportsOf(join(core, 'index.ts'));
  assert.ok(
    names.includes('createPipeline') &&
      names.includes('MachineError') &&
      names.includes('Printer') &&
      names.includes('resolve'),
  );
  assert.deepEqual(missing(names), []);
});

void test('every setting stands there with its default', () => {
  const rows = new Map(
    [...page.matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gm)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );
  const { runnerName: _own, ...settings } = defaultSettings;
  for (const [name, value] of Object.entries(settings))
    assert.equal(rows.get(name), String(value), name);
  assert.ok(rows.has('runnerName'));
});

void test('so do options, ports, methods and kinds of errors', () => {
  const members = [
    ['machine/connect.ts', 'ConnectOptions'],
    ['runtime/options.ts', 'PipelineOptions'],
    ['scheduling/once.ts', 'OnceOptions'],
    ['runtime/integrations.ts', 'Integrations'],
    ['stages/sync/sync.ts', 'SyncOptions'],
    ['ports/common.ts', 'CallContext'],
    ['ports/printer.ts', 'Printer'],
    ['ports/enricher.ts', 'AddressEnricher'],
    ['ports/image-host.ts', 'ImageHost'],
    ['machine/migration-plan.ts', 'MigrationPlan'],
  ].map(([file = '', name = '']) => [name, membersOf(file, name)] as const);
  for (const [name, of] of members) {
    assert.ok(of.length > 1, name);
    assert.deepEqual(missing(of), [], name);
  }
  const pipeline = createPipeline({
    sql: connect('postgres://nobody@127.0.0.1:1/nothing'),
    integrations: integrationsOf(noopPorts()),
    restoreWatermark: 'not kept',
  });
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(pipeline)).filter(
    (name) => name !== 'constructor',
  );
  assert.ok(methods.includes('start'));
  assert.deepEqual(missing(methods), []);
  assert.deepEqual(missing(Object.values(machineErrors)), []);
});

void test('the version is the one of the packages', () => {
  for (const file of [
    'package.json',
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/package.json`),
  ]) {
    const { version } = JSON.parse(readFileSync(join(root, file), 'utf8')) as { version?: string };
    assert.equal(version ?? VERSION, VERSION, file);
  }
  assert.match(
    readFileSync(join(root, 'packages/cli/src/main.ts'), 'utf8'),
    new RegExp(`VERSION = '${VERSION}'|VERSION.*@postrider/core`),
  );
});
