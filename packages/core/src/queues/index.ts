export { inTransaction, onPool } from './database.ts';
export * from './queues.ts';
