/** @postrider/core/ports: what adapters have to do. */
export * from './adapter.ts';
export * from './address-lines.ts';
export * from './audience.ts';
export * from './common.ts';
export * from './connection.ts';
export * from './effects.ts';
export * from './emails.ts';
export * from './enricher.ts';
export * from './image-host.ts';
export * from './media.ts';
export * from './misfits.ts';
export * from './order.ts';
export * from './printer.ts';
export * from './renderer.ts';
export * from './types.ts';
export * from './quiet-context.ts';
export * from './unlimited.ts';
