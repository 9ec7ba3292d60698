import { createNoopImageHost, createNoopPrinter, createNoopRenderer } from '@postrider/adapters';
import { createPipeline, integrationsOf, type Pipeline, type Ports } from '@postrider/core';
import type postgres from 'postgres';

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

export function noopPipeline(sql: postgres.Sql): Pipeline {
  return createPipeline({
    sql,
    integrations: integrationsOf(noopPorts()),
    restoreWatermark: 'not kept',
  });
}
