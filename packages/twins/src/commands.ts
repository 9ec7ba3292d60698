/** The one list of twins, by the name of their provider: nothing of one is loaded here. */
import type { TwinProcess } from './kit/process.ts';

type TwinCommand = (argv: readonly string[], environment: NodeJS.ProcessEnv) => TwinProcess;

export const twinCommands = {
  klaviyo: async () => (await import('./klaviyo/command.ts')).klaviyoCommand,
  lob: async () => (await import('./lob/command.ts')).lobCommand,
  'print-shop': async () => (await import('./print-shop/command.ts')).printShopCommand,
} satisfies Readonly<Record<string, () => Promise<TwinCommand>>>;

export type TwinName = keyof typeof twinCommands;

export { runTwin } from './kit/process.ts';
