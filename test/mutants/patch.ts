/**
 * Applies a mutant's edits to source text. The machine's SQL is read through one TypeScript module,
 * so edits of sql/ are made there. The driver that is carried here is edited where it was
 * installed, with its patch.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mutants, type Edit, type Mutant } from './mutants.ts';

export const root = join(import.meta.dirname, '../..');
const READER = 'packages/core/src/machine/sql-files.ts';

export function mutantNamed(name: string): Mutant {
  const mutant = mutants.find((one) => one.name === name);
  if (mutant === undefined)
    throw new Error(
      `there is no mutant ${name}: there are ${mutants.map((one) => one.name).join(', ')}`,
    );
  return mutant;
}

/** The module in which an edit takes effect. */
function moduleOf(edit: Edit): string {
  return edit.file.startsWith('sql/') ? READER : edit.file;
}

export function modulesOf(mutant: Mutant): readonly string[] {
  return [...new Set(mutant.edits.map(moduleOf))];
}

/** As it is loaded: what was installed is a link. */
export function urlOf(module: string): string {
  return pathToFileURL(realpathSync(join(root, module))).href;
}

/** Code however it is laid out: white space between words and signs, a comma before what closes. */
function howeverLaidOut(code: string): RegExp {
  const parts = code.trim().match(/\w+|[^\w\s]|\s+/g) ?? [];
  const pattern = parts.map((part, index) => {
    if (/^\w/.test(part)) return part;
    if (/^[)\]}]/.test(part)) return `,?\\s*\\${part}`;
    if (/^\S/.test(part)) return `\\${part}`;
    const sides = [parts[index - 1] ?? '', parts[index + 1] ?? ''];
    return sides.every((side) => /^\w/.test(side)) ? '\\s+' : '\\s*';
  });
  return new RegExp(pattern.join('\\s*'), 'g');
}

interface Replacement {
  readonly find: string | RegExp;
  readonly replace: string;
  /** The file, for the error. */
  readonly where: string;
}

function replaceOnce(text: string, { find, replace, where }: Replacement): string {
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(
      `${where} has ${parts.length - 1} times, and not once:\n${String(find)}\n` +
        `The safeguard has been rewritten: ` +
        `bring test/mutants/mutants.ts in step.`,
    );
  return parts.join(replace);
}

function edited(file: string, edits: readonly Edit[]): string {
  return edits.reduce(
    (text, edit) =>
      replaceOnce(text, {
        find: howeverLaidOut(edit.find),
        replace: edit.replace,
        where: file,
      }),
    readFileSync(join(root, file), 'utf8'),
  );
}

/** The module that reads sql/, reading these texts in place of what is there. */
function reading(texts: ReadonlyMap<string, string>): string {
  const read = "return reading(path, (url) => readFileSync(url, 'utf8'));";
  return replaceOnce(readFileSync(join(root, READER), 'utf8'), {
    find: read,
    replace: `const edited: Record<string, string> = ${JSON.stringify(Object.fromEntries(texts))};
    if (edited[path] !== undefined) return edited[path];
    ${read}`,
    where: READER,
  });
}

/** The source of one of the mutant's modules with its edits. Throws where an edit does not fit. */
export function mutated(mutant: Mutant, module: string): string {
  const edits = Map.groupBy(
    mutant.edits.filter((edit) => moduleOf(edit) === module),
    (edit) => edit.file,
  );
  if (module !== READER) return edited(module, edits.get(module) ?? []);
  return reading(
    new Map([...edits].map(([file, some]) => [file.slice('sql/'.length), edited(file, some)])),
  );
}
