/**
 * A copy of the checkout, to change files in: its packages are its own, what they depend on is the
 * checkout's.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../..');

export interface CheckoutCopy {
  readonly root: string;
  /** A program that the checkout has installed. */
  bin(name: string): string;
  remove(): void;
}

export function checkoutCopy(): CheckoutCopy {
  const root = mkdtempSync(join(tmpdir(), 'postrider-checkout-'));
  const copied = [
    '.oxfmtrc.json',
    'bin',
    'docs',
    'packages',
    'sql',
    'package.json',
    'tsconfig.json',
  ];
  for (const name of copied)
    cpSync(join(checkout, name), join(root, name), { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(root, 'node_modules'));
  for (const name of readdirSync(join(checkout, 'node_modules'))) {
    const from = join(checkout, 'node_modules', name);
    const to = join(root, 'node_modules', name);
    // Links to the packages, which then lead to those of the copy.
    if (name === '@postrider') cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(from, to);
  }
  return {
    root,
    bin: (name) => join(checkout, 'node_modules/.bin', name),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
