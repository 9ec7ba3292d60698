/** The checkout as the compiler that checks the types has read it. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SourceFile } from 'typescript/unstable/ast';
import type { FileSystem } from 'typescript/unstable/fs';
import { API, type Project } from 'typescript/unstable/sync';

const root = join(import.meta.dirname, '../..');

/** With `planted` in place of what stands in these files, or beside them. */
export function inProgram<Found>(
  planted: Readonly<Record<string, string>>,
  look: (project: Project) => Found,
): Found {
  const api = new API({ cwd: root, fs: overlay(planted) });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] });
    const [project] = snapshot.getProjects();
    if (project === undefined) throw new Error('the compiler found no project in tsconfig.json');
    return look(project);
  } finally {
    api.close();
  }
}

/** From the top of the checkout; null for what was installed. */
export function ours(path: string): string | null {
  if (!path.startsWith(`${root}/`) || path.includes('/node_modules/')) return null;
  return path.slice(root.length + 1);
}

export function lineOf(source: SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

/** The files of the checkout as the compiler sees them, with others in their place. */
function overlay(planted: Readonly<Record<string, string>>): FileSystem {
  const texts = new Map(
    Object.entries(planted).map(([file, text]) => [join(root, file), text] as const),
  );
  const folders = new Set([...texts.keys()].flatMap(foldersAbove));
  const childrenOf = (folder: string, paths: Iterable<string>): string[] =>
    [...paths].filter((path) => dirname(path) === folder).map((path) => basename(path));
  return {
    readFile: (path) => texts.get(path),
    fileExists: (path) => (texts.has(path) ? true : undefined),
    directoryExists: (path) => (folders.has(path) ? true : undefined),
    getAccessibleEntries: (path) => {
      if (!folders.has(path)) return undefined;
      const there = existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [];
      const [directories, others] = [true, false].map((wanted) =>
        there.filter((entry) => entry.isDirectory() === wanted).map(({ name }) => name),
      );
      return {
        files: [...new Set([...(others ?? []), ...childrenOf(path, texts.keys())])],
        directories: [...new Set([...(directories ?? []), ...childrenOf(path, folders)])],
      };
    },
  };
}

/** Those in which a file lies, up to the checkout. */
function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder.startsWith(root) ? [folder, ...foldersAbove(folder)] : [];
}
