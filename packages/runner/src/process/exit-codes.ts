/**
 * From sysexits.h where it has a code. Documented in `--help` and docs/reference/cli.md: scripts
 * rely on them.
 */
export const exitCodes = {
  ok: 0,
  /** It was tried and did not work, or the answer is "bad" (doctor). */
  failed: 1,
  /** Unknown command, option or argument; a question that nobody can answer without a terminal. */
  usage: 2,
  /** An input file cannot be read, or some of its rows cannot be used. */
  badData: 65,
  /** Database, printer or port. */
  unavailable: 69,
  /** Disk full, read-only file system, a file in the way. */
  cannotWrite: 73,
  /** Somebody else is at it: the same command works later. */
  tryLater: 75,
  noRights: 77,
  /** Campaign file, project file, option of an adapter, state of the installation. */
  configuration: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
