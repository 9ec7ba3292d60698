/**
 * The generated calls against the catalog: a function of SQL whose parameters or columns change is
 * found here, and by the compiler once `npm run generate:calls` has written them again.
 */
import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshMachine } from '../../../test/support/machine.ts';
import { generateCalls } from '../scripts/calls.ts';

const folder = join(import.meta.dirname, '../src/machine/generated');

const machineFiles = join(folder, '..');

/** Statements of the files of machine/ with their parameters numbered, and where they stand. */
function byHand(): { at: string; text: string }[] {
  return globSync('*.ts', { cwd: machineFiles }).flatMap((name) => {
    // Those of migrate are for a database that is being made.
    if (/^(calls|migrat)/.test(name)) return [];
    const source = readFileSync(join(machineFiles, name), 'utf8');
    return [...source.matchAll(/\bsql(?:<.*>)?`(?<text>\s*select\b[^`]*)`/g)].map((match) => {
      let count = 0;
      const text = (match.groups?.['text'] ?? '').replaceAll(
        /\$\{(?:[^{}]|\{[^{}]*\})*\}/g,
        () => `$${(count += 1)}`,
      );
      return { at: `${name}:${source.slice(0, match.index).split('\n').length}`, text };
    });
  });
}

void test('statements by hand fit the catalog too', async () => {
  await using machine = await freshMachine();
  const statements = byHand();
  assert.ok(statements.length >= 15, `only ${statements.length} were found`);
  for (const { at, text } of statements)
    await assert.doesNotReject(
      async () => await machine.sql.unsafe(`prepare found as ${text}; deallocate found`),
      at,
    );
});

void test('the generated calls are those of the catalog (else: npm run generate:calls)', async () => {
  await using machine = await freshMachine();
  const wanted = Object.fromEntries(await generateCalls(machine.sql));
  if (process.env['POSTRIDER_GENERATE'] === '1') {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const [name, text] of Object.entries(wanted)) writeFileSync(join(folder, name), text);
  }
  const found = globSync('*.ts', { cwd: folder }).toSorted();
  assert.deepEqual(
    Object.fromEntries(found.map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
    wanted,
  );
});
