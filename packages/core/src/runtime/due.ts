import type { PipelineContext } from './context.ts';

/**
 * What a beat of seconds would otherwise ask one by one: organizations by what is due for them, and
 * whether webhooks wait.
 */
export interface Due {
  readonly reconcile: readonly string[];
  readonly effects: readonly string[];
  readonly unmatched: readonly string[];
  readonly webhooks: boolean;
}

export async function whatIsDue(context: PipelineContext): Promise<Due> {
  const [due] = await context.sql<
    Due[]
  >`select reconcile, effects, unmatched, webhooks from postrider.due()`;
  return due ?? { reconcile: [], effects: [], unmatched: [], webhooks: false };
}
