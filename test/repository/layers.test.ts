/**
 * Imports go one way, between packages and inside of them. The table of layers.ts says who may know
 * whom, and nobody else is known; the compiler finds the line that breaks it. Faults of each kind,
 * planted in memory, show that it would.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { circles } from './circles.ts';
import { readImports, type Imports } from './imports.ts';
import {
  beyondTable,
  finders,
  isTest,
  layers,
  nameOfPackage,
  named,
  objection,
  placeOf,
} from './layers.ts';
import { isLong } from '../support/long.ts';

const root = join(import.meta.dirname, '../..');
const here = readImports();

/** Installed and not imported: pg-boss asks for it as a peer (docs/adr/0002). */
const peers = ['@opentelemetry/api'];

/** Everything that is wrong, a line each that begins with file and line. */
function problems({ all, hidden }: Imports): string[] {
  return [
    ...beyondTable(all),
    ...hidden
      .filter(({ file }) => !isTest(file) && !Object.hasOwn(finders, file))
      .map((one) => `${one.file}:${one.line}: ${one.specifier} loads files unseen: see finders`),
    // An import that goes up closes circles of good ones, which are not told as well. Mutants are
    // data of the hunt that reads them: one thing in several files.
    ...circles(
      all.filter((one) => objection(one) === null && !one.file.startsWith('test/mutants/')),
    ),
  ];
}

void test('no import goes up or sideways, none is hidden, and no files import each other in a circle', () => {
  assert.ok(here.all.length > 3000);
  assert.deepEqual(problems(here), []);
});

void test('every layer has files, and every file that finds others for itself does so', () => {
  const files = new Set(here.all.flatMap(({ file, target }) => [file, target ?? file]));
  const filled = new Set([...files].map((file) => placeOf(file)?.layer));
  assert.deepEqual(
    layers.filter((layer) => !filled.has(layer)).map(({ of }) => of),
    [],
  );
  const finding = new Set(here.hidden.map(({ file }) => file));
  assert.deepEqual(
    Object.keys(finders).filter((file) => !finding.has(file)),
    [],
  );
});

/** What stands at the end of a file, or in a new one: each line has to be told. */
const planted: Readonly<Record<string, readonly string[]>> = {
  // Within core.
  'packages/core/src/ports/common.ts': ["import '../machine/calls.ts';"],
  'packages/core/src/machine/calls.ts': [
    "export { createPipeline } from '../index.ts';",
    "type Options = import('../pipeline.ts').PipelineOptions;",
    "await import('../runtime/leases.ts');",
    "import '@postrider/adapters';",
    "import '../../test/generated-calls.test.ts';",
    "import '../../../../test/support/machine.ts';",
    "import '../../scripts/calls.ts';",
    "import '../../../../bin/main.ts';",
    "import '../../../runner/test/text.test.ts';",
    "import 'yaml';",
  ],
  'packages/core/src/version.ts': ["import './runtime/leases.ts';"],
  'packages/core/src/runtime/leases.ts': ["import '../stages/mail/mail.ts';"],
  'packages/core/src/stages/mail/deeper/still/one.ts': [
    "import type { Anything } from '../../../sync/sync.ts';",
    "import '../../../../index.ts';",
    '// oxlint-disable-next-line',
    "import '../../../../scheduling/running.ts';",
  ],
  'packages/core/src/scheduling/reaper.ts': ["import '../pipeline.ts';"],
  // Adapters.
  'packages/adapters/src/csv/options.ts': [
    "import '@postrider/core';",
    "import '@postrider/core/contract';",
    "import '@postrider/embedded-postgres/parts';",
    "import '@postrider/twins/kit/faults';",
    "import '@postrider/runner/database';",
    "import postgres from 'postgres';",
    "import '../print-shop/index.ts';",
    "import '../registry.ts';",
    "import './test/people.ts';",
  ],
  'packages/adapters/src/kit/json.ts': ["import '../csv/index.ts';", "import '../registry.ts';"],
  // Twins, and the server that knows nothing of mail.
  'packages/twins/src/kit/clock.ts': [
    "import '../print-shop/wire.ts';",
    "import '@postrider/core/ports';",
  ],
  'packages/embedded-postgres/src/lock.ts': ["import '@postrider/core';"],
  // What stands above them.
  'packages/runner/src/index.ts': [
    "import '@postrider/adapters/print-shop';",
    "import '@postrider/cli';",
    "import '@postrider/embedded-postgres/parts';",
    "import '../../core/src/index.ts';",
  ],
  'packages/cli/src/output/table.ts': [
    "import '@postrider/twins';",
    "import '@postrider/twins/lob';",
    "import '@postrider/bench';",
  ],
  'packages/bench/src/median.ts': ["import '@postrider/cli';"],
  'bin/main.ts': ["import '../packages/cli/src/main.ts';"],
  'examples/library/plain-cards.ts': [
    "import '@postrider/runner';",
    "import '../../packages/core/src/machine/calls.ts';",
  ],
  // What the compiler does not follow.
  'packages/core/src/common/text.ts': [
    "import { createRequire } from 'node:module';",
    'await import(process.argv[1] as string);',
    "import.meta.resolve('../index.ts');",
  ],
  // A file of its own that nobody has placed.
  'packages/cli/scripts/new.ts': ["import 'node:fs';"],
  'packages/core/src/queues/one.ts': ["import type { Two } from './two.ts';"],
  'packages/core/src/queues/two.ts': ["export type Two = import('./one.ts').One;"],
};

if (isLong)
  void test('a fault of each kind is told, with its line', () => {
    const expected: string[] = [];
    const texts: Record<string, string> = {};
    for (const [file, lines] of Object.entries(planted)) {
      const path = join(root, file);
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      const before = text.split('\n').length - 1;
      texts[file] = `${text}${lines.join('\n')}\n`;
      lines.forEach((line, index) => {
        if (!line.startsWith('//')) expected.push(`${file}:${before + index + 1}`);
      });
    }
    const told = problems(readImports(texts));
    const lines = new Set(told.map((line) => /^[^:]+:\d+/.exec(line)?.[0] ?? line));
    assert.deepEqual(
      expected.filter((line) => !lines.has(line)),
      [],
      'planted, and not told',
    );
    assert.deepEqual(
      told.filter((line) => !expected.some((one) => line.startsWith(`${one}:`))),
      [],
      'told, and not planted',
    );
  });

void test('what a package.json names is imported, and what is imported by tests alone is for tests', () => {
  const packages = here.all.flatMap(({ file }) => /^packages\/[\w-]+/.exec(file)?.[0] ?? []);
  const idle = [...new Set(packages)].flatMap((folder) => {
    const used = new Set(
      here.all
        .filter(({ file }) => file.startsWith(`${folder}/`) && !isTest(file))
        .map(({ specifier }) => nameOfPackage(specifier)),
    );
    return [...named(folder, ['dependencies'])]
      .filter((name) => !used.has(name) && !peers.includes(name) && !foundBy(folder, name))
      .map((name) => `${folder}/package.json: nothing in src imports ${name}`);
  });
  assert.deepEqual(idle, []);
});

/** A file that is on the list of finders names it. */
function foundBy(folder: string, name: string): boolean {
  return Object.keys(finders).some(
    (file) =>
      file.startsWith(`${folder}/`) && readFileSync(join(root, file), 'utf8').includes(name),
  );
}
