/** Why a twin cannot start or go on, with the exit code that says so to a script. */
export class TwinError extends Error {
  override readonly name = 'TwinError';
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** From sysexits.h, as the exit codes of `postrider` are. */
export const exitCodes = {
  usage: 2,
  /** The ledger cannot be read. */
  badData: 65,
  /** The port is taken. */
  unavailable: 69,
  /** A write failed while running, for example on a full disk. */
  ioError: 74,
  /** The folder cannot be written. */
  cannotCreate: 73,
  /** Another twin works in this folder. */
  tryLater: 75,
} as const;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}
