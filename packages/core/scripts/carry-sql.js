/**
 * Puts `sql/` of the repository into the package while it is packed (`prepack`), and takes it out
 * again (`postpack`, with `--remove`): in the repository it is read where it lies. Plain JavaScript,
 * so that the Node of any npm runs it.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const core = fileURLToPath(new URL('..', import.meta.url));
const copy = join(core, 'sql');

rmSync(copy, { recursive: true, force: true });
if (!process.argv.includes('--remove'))
  cpSync(join(core, '../../sql'), copy, { recursive: true, errorOnExist: true });
