import { createNoopImageHost, createNoopPrinter, createNoopRenderer } from '@postrider/adapters';
import type { Ports } from '@postrider/core';

/** Adapters that answer at once: what is left is the pipeline. */
export function noopPorts(): Ports {
  return {
    audience: {
      members: () => {
        throw new Error('the bench does not sync');
      },
    },
    renderer: createNoopRenderer(),
    imageHost: createNoopImageHost(),
    printer: createNoopPrinter(),
  };
}
