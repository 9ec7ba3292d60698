/** What typst says of a document that it could not compile, and which card is to blame. */
import { z } from 'zod';

const positionSchema = z.object({ line: z.number(), character: z.number() });
const diagnosticSchema = z.object({
  message: z.string(),
  path: z.string(),
  range: z.object({ start: positionSchema }).nullish(),
  severity: z.number(),
});
type Diagnostic = z.infer<typeof diagnosticSchema>;

const errorSeverity = 1;

/** Why a document could not be compiled. */
export interface Problem {
  readonly problem: true;
  /**
   * Index into the cards of the document; null where no card is to blame, or typst does not say
   * which.
   */
  readonly card: number | null;
  readonly reason: 'missing_field' | 'refused_by_template' | 'broken_template';
  /** With `file:line:column` where typst tells them. */
  readonly message: string;
}

export function explainDiagnostics(
  raw: readonly unknown[],
  {
    root,
    mainPath,
    headerLines,
  }: { readonly root: string; readonly mainPath: string; readonly headerLines: number },
): Problem {
  const diagnostics = raw.flatMap((one): Diagnostic[] => {
    const parsed = diagnosticSchema.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
  const error = diagnostics.find(({ severity }) => severity === errorSeverity);
  const line = diagnostics.find(({ path, range }) => path === mainPath && range)?.range?.start.line;
  const card = line !== undefined && line >= headerLines ? line - headerLines : null;
  if (error === undefined)
    return { problem: true, card, reason: 'broken_template', message: 'typst gave no reason' };

  // The author's own file, where the error itself lies in the prelude: `fit` called with a wrong
  // argument is the template's fault.
  const own =
    diagnostics.find(
      ({ path, range }) => range && path !== mainPath && !path.endsWith('/postrider.typ'),
    ) ?? error;
  const file = own.path.startsWith(`${root}/`) ? own.path.slice(root.length + 1) : own.path;
  const where = own.range
    ? `${file}:${own.range.start.line + 1}:${own.range.start.character + 1}`
    : file;

  const field = /^dictionary does not contain key "(.*?)"/s.exec(error.message)?.[1];
  if (field !== undefined) {
    return {
      problem: true,
      card,
      reason: 'missing_field',
      message: `the field "${field}" is blank or missing (${where})`,
    };
  }
  const said = /^(?:panicked with|assertion failed): (.*)$/s.exec(error.message)?.[1];
  if (said !== undefined && error.path.endsWith('/postrider.typ'))
    return { problem: true, card, reason: 'broken_template', message: `${said} (${where})` };
  if (said !== undefined) {
    return {
      problem: true,
      card,
      reason: 'refused_by_template',
      message: `the template refuses the card: ${said.slice(0, 300)} (${where})`,
    };
  }
  // The prelude calls them: where one is not there, typst names a line of the prelude.
  const side = /^module `.*?` does not contain `(front|back)`/.exec(error.message)?.[1];
  if (side !== undefined && own === error)
    return {
      problem: true,
      card,
      reason: 'broken_template',
      message: `the template has no ${side}(card): it defines two functions, front and back`,
    };
  return {
    problem: true,
    card,
    reason: 'broken_template',
    message: `${error.message.replaceAll(`${root}/`, '').slice(0, 500)} (${where})`,
  };
}
