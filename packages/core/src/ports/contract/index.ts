/**
 * What core relies on, as tests. An author of an adapter runs the suite of its port against the
 * provider's sandbox or a twin:
 *
 *     const made = async () => ({ printer, piece, created, close });
 *     describePrinterContract('my printer', made, ['answer-lost', 'webhooks']);
 *
 * The suites register with `node:test`. Abilities name the parts that need something of the
 * harness; leave out what a provider cannot do.
 */
export { describeAudienceContract, type AudienceHarness } from './audience.ts';
export { abortedContext, contractContext } from './context.ts';
export { describeEffectsContract, exampleEffect, type EffectsHarness } from './effects.ts';
export { describeEnricherContract, type EnricherHarness } from './enricher.ts';
export {
  describeImageHostContract,
  type ImageHostAbility,
  type ImageHostHarness,
} from './image-host.ts';
export { describePrinterContract, type PrinterAbility, type PrinterHarness } from './printer.ts';
export {
  describeRendererContract,
  type RendererAbility,
  type RendererHarness,
} from './renderer.ts';
