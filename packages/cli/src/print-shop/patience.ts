/** A shop whose runner was killed finishes its PDF before it lets go of the folder. */
export const PATIENCE_MS = 15_000;
