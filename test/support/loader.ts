/**
 * The flags with which a child of a test runs TypeScript: none where Node does it by itself, in a
 * third of the time that tsx needs.
 */
export const loader: readonly string[] =
  process.features.typescript === false ? ['--import', import.meta.resolve('tsx')] : [];
