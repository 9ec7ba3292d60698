/** Why a database is not migrated, or is not one that this version can work on. */

export type MigrationErrorKind =
  | 'not_migrated'
  | 'too_old'
  | 'no_rights'
  | 'unsuitable'
  | 'newer'
  | 'changed'
  | 'in_use'
  | 'incomplete'
  | 'failed';

/** `message` says what is wrong, `hint` what to do; nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly kind: MigrationErrorKind;
  readonly hint: string;
  constructor(kind: MigrationErrorKind, message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.hint = hint;
  }
}

/** `migrate` would help. */
export function notMigrated(what: string, cause?: unknown): MigrationError {
  return new MigrationError(
    'not_migrated',
    what,
    'bring it to this version: `postrider migrate`, or `await migrate(sql)` in a program; that ' +
      'changes nothing but the schemas postrider and postrider_queue. Nothing was changed yet',
    cause,
  );
}
