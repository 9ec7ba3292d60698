// Generated from the catalog by `npm run generate:calls`. Do not edit.
export * from './cohort.generated.ts';
export * from './effects.generated.ts';
export * from './enrich.generated.ts';
export * from './house.generated.ts';
export * from './mail.generated.ts';
export * from './operate.generated.ts';
export * from './proof.generated.ts';
export * from './sync.generated.ts';
export * from './track.generated.ts';
