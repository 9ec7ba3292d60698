/** Twins by the name of their provider, for `postrider twin`: nothing of one is loaded here. */
import type { TwinProcess } from './kit/process.ts';

type TwinCommand = (argv: readonly string[], environment: NodeJS.ProcessEnv) => TwinProcess;

export const twinCommands: Readonly<Record<string, () => Promise<TwinCommand>>> = {
  klaviyo: async () => (await import('./klaviyo/command.ts')).klaviyoCommand,
  lob: async () => (await import('./lob/command.ts')).lobCommand,
  'print-shop': async () => (await import('./print-shop/command.ts')).printShopCommand,
};

export { runTwin } from './kit/process.ts';
