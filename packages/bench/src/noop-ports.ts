/** A pipeline whose adapters do nothing, at once. */
import {
  createNoopImageHost,
  createNoopPrinter,
  createNoopRenderer,
  type NoopPrinterOptions,
} from '@postrider/adapters/noop';
import { createPipeline, integrationsOf, type Pipeline, type Ports } from '@postrider/core';
import type postgres from 'postgres';

/** Adapters that answer at once: what is left is the pipeline. */
export function noopPorts(printing: NoopPrinterOptions = {}): Ports {
  return {
    audience: {
      members: () => {
        throw new Error('the bench does not sync');
      },
    },
    renderer: createNoopRenderer(),
    imageHost: createNoopImageHost(),
    printer: createNoopPrinter(printing),
  };
}

export function noopPipeline(sql: postgres.Sql): Pipeline {
  return createPipeline({
    sql,
    integrations: integrationsOf(noopPorts()),
    restoreWatermark: 'not kept',
  });
}
