export * from './audience.ts';
export * from './common.ts';
export * from './effects.ts';
export * from './enricher.ts';
export * from './image-host.ts';
export * from './printer.ts';
export * from './renderer.ts';
export * from './types.ts';
