/** The queues, for core and for benchmarks. */
export { inTransaction, onPool } from './database.ts';
export * from './queues.ts';
