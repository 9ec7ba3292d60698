/**
 * Imports go one way, between packages and inside of them. The table says who may not know whom;
 * the linter finds the line that does, and a line for each rule shows that it would.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

interface Layer {
  readonly files: string;
  /** Patterns of imports; one with `!` is allowed all the same. */
  readonly never: readonly string[];
  readonly because: string;
  /** An import that breaks the rule. */
  readonly example: string;
}

const any = '@postrider/**';
const packages = ['adapters', 'bench', 'cli', 'core', 'embedded-postgres', 'runner', 'twins'];
const layersOfCore = ['common', 'queues', 'machine', 'runtime', 'stages', 'running'];
const stages = ['sync', 'enrich', 'proof', 'mail', 'track', 'effects', 'house'];

function inCore(layer: string, above: readonly string[], example: string): Layer {
  return {
    files: `packages/core/src/${layer}/**`,
    never: [...above.map((name) => `**/${name}/**`), '**/pipeline.ts'],
    because:
      `core is ports < ${layersOfCore.join(' < ')} < pipeline.ts: ` +
      `${layer} knows nothing above it`,
    example,
  };
}

const betweenFiles: readonly Layer[] = [
  {
    files: 'packages/**',
    never: packages.flatMap((name) => [`**/../${name}/src/**`, `**/packages/${name}/**`]),
    because: 'a package is imported by its name, as a program that installs it does',
    example: '../../core/src/version.ts',
  },
];

const betweenPackages: readonly Layer[] = [
  {
    files: 'packages/core/src/**',
    never: [any],
    because: 'the library stands on no other package',
    example: '@postrider/adapters',
  },
  {
    files: 'packages/adapters/src/**',
    never: ['@postrider/*', '@postrider/core/*', '!@postrider/core/ports'],
    because: 'adapters know ports, and never the database',
    example: '@postrider/core',
  },
  {
    files: 'packages/twins/src/**',
    never: [any],
    because: 'a twin speaks a wire format: what it shared with an adapter, it would not test',
    example: '@postrider/core/ports',
  },
  {
    files: 'packages/embedded-postgres/src/**',
    never: [any],
    because: 'the embedded server knows nothing of mail',
    example: '@postrider/core',
  },
  {
    files: 'packages/runner/src/**',
    never: ['@postrider/{cli,bench,twins}', '@postrider/{cli,bench,twins}/**'],
    because: 'the runner is beneath the command line, and knows no provider by name',
    example: '@postrider/cli',
  },
  {
    files: 'packages/cli/src/**',
    never: ['@postrider/bench', '@postrider/bench/**'],
    because: 'command line and benchmarks stand beside each other: bin/main.ts puts them together',
    example: '@postrider/bench',
  },
  {
    files: 'packages/bench/src/**',
    never: ['@postrider/{cli,runner,twins}', '@postrider/{cli,runner,twins}/**'],
    because: 'benchmarks measure the library',
    example: '@postrider/cli',
  },
];

const insideCore: readonly Layer[] = [
  inCore('ports', layersOfCore, '../machine/sync.ts'),
  ...layersOfCore.map((layer, index) => {
    const above = layersOfCore.slice(index + 1);
    return inCore(layer, above, above[0] === undefined ? '../pipeline.ts' : `../${above[0]}/x.ts`);
  }),
];

const betweenStages: readonly Layer[] = stages.map((stage) => ({
  files: `packages/core/src/stages/${stage}/**`,
  never: stages.filter((other) => other !== stage).map((other) => `../${other}/**`),
  because: 'a stage imports no other: what two of them share lies in runtime',
  example: `../${stage === 'sync' ? 'mail' : 'sync'}/x.ts`,
}));

/** What the linter says of `files`, a line each; what is read beside the rules is left out. */
function broken(rules: readonly Layer[], files: string, cwd: string): string[] {
  const config = {
    categories: { correctness: 'off' },
    overrides: rules.map(({ files: where, never, because }) => ({
      files: [`**/${where}`],
      rules: {
        'no-restricted-imports': ['error', { patterns: [{ group: never, message: because }] }],
      },
    })),
  };
  const folder = mkdtempSync(join(tmpdir(), 'postrider-layers-'));
  try {
    const path = join(folder, 'layers.json');
    writeFileSync(path, JSON.stringify(config));
    const oxlint = join(root, 'node_modules/.bin/oxlint');
    const run = spawnSync(oxlint, ['-c', path, '--format=unix', files], { cwd, encoding: 'utf8' });
    assert.equal(run.error, undefined);
    return run.stdout
      .split('\n')
      .filter((line) => line.includes('no-restricted-imports'))
      .filter((line) => !/^packages\/[\w-]+\/(test|src\/[\w-]+\/test)\//.test(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files of examples, one a rule, each of which breaks that rule. */
function breaking(rules: readonly Layer[], cwd: string): string[] {
  return rules.map(({ files, example }, index) => {
    const file = files.replace('**', `x/breaks-${index}.ts`);
    mkdirSync(join(cwd, dirname(file)), { recursive: true });
    writeFileSync(join(cwd, file), `import '${example}';\n`);
    return file;
  });
}

// A file follows the last rule that names it, so that those which overlap are asked for apart.
for (const [what, rules] of Object.entries({
  betweenFiles,
  betweenPackages,
  insideCore,
  betweenStages,
})) {
  void test(`${what}: no import goes up, and one that did would be named`, () => {
    assert.deepEqual(broken(rules, 'packages', root), []);
    const elsewhere = mkdtempSync(join(tmpdir(), 'postrider-layers-'));
    try {
      const files = breaking(rules, elsewhere);
      const told = broken(rules, 'packages', elsewhere).map((line) => line.split(':')[0] ?? '');
      assert.deepEqual(told.toSorted(), files.toSorted());
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
}
