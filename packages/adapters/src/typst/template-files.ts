/**
 * The files a template may use, read once per job.
 *
 * typst sees these bytes and no others: the template's own folder is its root, filled with the
 * template, every file it names in a string (followed through .typ files), and everything under
 * `assets/` beside it. So the hash over them is the hash of what is printed, a file changed in the
 * middle of a run cannot slip into half of the cards, and what a template does not name it cannot
 * read.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, posix, relative, sep } from 'node:path';

const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO', 'ESTALE', 'ETIMEDOUT']);
const maxBytes = 64 * 1024 * 1024;

export interface TemplateFiles {
  /** The template's path inside the root, for example `/postcard.typ`. */
  readonly main: string;
  /** Bytes by path inside the root. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly hash: string;
}

export type TemplateProblem = {
  readonly reason: 'template_not_found' | 'broken_template';
  readonly message: string;
};

/** @param path absolute. */
export async function readTemplate(path: string): Promise<TemplateFiles | TemplateProblem> {
  const root = dirname(path);
  const main = `/${basename(path)}`;
  const files = new Map<string, Buffer>();
  let total = 0;

  const source = await readFile(path).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // Of the machine, not of the template: the next try may find it.
    if (passing.has(code)) throw error;
    return code;
  });
  if (typeof source === 'string') {
    return {
      reason: 'template_not_found',
      message: `The template ${path} cannot be read (${source}). Nothing was rendered; put the file there.`,
    };
  }

  const waiting: [string, Buffer][] = [[main, source]];
  for (const name of await filesUnder(join(root, 'assets'))) {
    const inner = `/${relative(root, name).split(sep).join('/')}`;
    waiting.push([inner, await readFile(name)]);
  }
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [inner, bytes] = next;
    if (files.has(inner)) continue;
    files.set(inner, bytes);
    total += bytes.length;
    if (total > maxBytes)
      return broken(`the template and its assets are larger than ${maxBytes / 1024 / 1024} MiB`);
    if (extname(inner) !== '.typ') continue;
    const text = bytes.toString('utf8');
    const forbidden = forbiddenUse(text);
    if (forbidden !== null) return broken(`${inner.slice(1)}:${forbidden}`);
    for (const literal of text.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)) {
      const named = posix.normalize(
        posix.join('/', literal[1]?.startsWith('/') ? '' : posix.dirname(inner), literal[1] ?? ''),
      );
      if (named.endsWith('/') || files.has(named)) continue;
      const found = await readIfFile(join(root, ...named.split('/')));
      if (found !== null) waiting.push([named, found]);
    }
  }

  const hash = createHash('sha256');
  for (const [inner, bytes] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${inner}\0${createHash('sha256').update(bytes).digest('hex')}\n`);
  }
  return { main, files, hash: hash.digest('hex') };

  function broken(what: string): TemplateProblem {
    return {
      reason: 'broken_template',
      message: `The template ${path} cannot be used: ${what}. Nothing was rendered.`,
    };
  }
}

// Both would make the same card come out differently another day, without any change that an
// approval could notice.
function forbiddenUse(text: string): string | null {
  for (const [index, line] of text.split('\n').entries()) {
    const code = line.replace(/\/\/.*$/, '');
    if (/\bdatetime\s*\.\s*today\b/.test(code))
      return (
        `${index + 1}: datetime.today() makes a card depend on the day it is rendered; ` +
        `use a merge field`
      );
    if (/\b(?:import|include)\s+"@/.test(code))
      return (
        `${index + 1}: packages are fetched from the network; ` +
        `put the files beside the template instead`
      );
  }
  return null;
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .flatMap((entry) =>
      entry.isFile() && !entry.name.startsWith('.') ? [join(entry.parentPath, entry.name)] : [],
    )
    .toSorted();
}

async function readIfFile(path: string): Promise<Buffer | null> {
  try {
    return (await stat(path)).isFile() ? await readFile(path) : null;
  } catch {
    return null;
  }
}
