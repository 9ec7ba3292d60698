/**
 * Every import of the checkout, read and resolved by the compiler that checks the types: type
 * imports, `import('…')` in a type, re-exports and dynamic imports among them. What the compiler
 * cannot follow is told apart.
 */
import {
  isCallExpression,
  isMetaProperty,
  isPropertyAccessExpression,
  isStringLiteral,
  SyntaxKind,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast';
import { inProgram, lineOf, ours } from './program.ts';

export interface Import {
  /** From the top of the checkout, as `target`. */
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  /** The file of ours that is imported; null for a package and for what Node brings. */
  readonly target: string | null;
}

export interface Imports {
  readonly all: readonly Import[];
  /** What loads a file in a way that the compiler does not follow, with the line. */
  readonly hidden: readonly Omit<Import, 'target'>[];
}

/** What Node is asked for that finds files by a name of its own. */
const FINDERS = ['node:module', 'module'];

/** Of the checkout, with `planted` in place of what stands in these files, or beside them. */
export function readImports(planted: Readonly<Record<string, string>> = {}): Imports {
  return inProgram(planted, ({ program, checker }) => {
    const names = new Set(program.getSourceFileNames());
    const all: Import[] = [];
    const hidden: Imports['hidden'][number][] = [];
    for (const name of names) {
      const file = ours(name);
      const source = file === null ? undefined : program.getSourceFile(name);
      if (file === null || source === undefined) continue;
      const modules = checker.getSymbolAtLocation(source.imports);
      for (const [index, node] of source.imports.entries()) {
        const specifier = isStringLiteral(node) ? node.text : '';
        const found = { file, line: lineOf(source, node.end), specifier };
        all.push({ ...found, target: fileOf(modules[index]?.name ?? '', names) });
        if (FINDERS.includes(specifier)) hidden.push(found);
      }
      hidden.push(...unfollowed(file, source));
    }
    return { all, hidden };
  });
}

/** A module is named by its file, in quotes and without the ending. */
function fileOf(symbol: string, names: ReadonlySet<string>): string | null {
  const path = symbol.replace(/^"|"$/g, '');
  return ours(names.has(`${path}.ts`) ? `${path}.ts` : path);
}

/** `import(x)`, `import.meta.resolve(x)`, `/// <reference>`. */
function unfollowed(file: string, source: SourceFile): Omit<Import, 'target'>[] {
  const found = source.referencedFiles.map(({ fileName, pos }) => ({
    file,
    line: lineOf(source, pos),
    specifier: fileName,
  }));
  const visit = (node: Node): void => {
    if (loads(node))
      found.push({ file, line: lineOf(source, node.end), specifier: textOf(source, node) });
    node.forEachChild(visit);
  };
  if (/\bimport(\(|\.meta\.resolve)/.test(source.text)) visit(source);
  return found;
}

function textOf(source: SourceFile, node: Node): string {
  return source.text.slice(node.pos, node.end).trim();
}

function loads(node: Node): boolean {
  if (isPropertyAccessExpression(node))
    return isMetaProperty(node.expression) && node.name.text === 'resolve';
  if (!isCallExpression(node) || node.expression.kind !== SyntaxKind.ImportKeyword) return false;
  const [what] = node.arguments;
  return what === undefined || !isStringLiteral(what);
}
