/** The names of the twins, from the one list of them. */
import { twinCommands, type TwinName } from '@postrider/twins/commands';

export type { TwinName };

export const twinNames = Object.keys(twinCommands) as readonly TwinName[];

export function isTwin(name: string): name is TwinName {
  return Object.hasOwn(twinCommands, name);
}
