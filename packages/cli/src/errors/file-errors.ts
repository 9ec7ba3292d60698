/** Errors of the file system. */
import { exitCodes } from '@postrider/runner/process';
import { field, type KnownExplanation } from './explanation.ts';

export function file(error: unknown, given: string): KnownExplanation | null {
  // A mkdir with all its parents says ENOENT where the file system is read-only.
  const code = given === 'ENOENT' && field(error, 'syscall') === 'mkdir' ? 'EROFS' : given;
  const path = field(error, 'path');
  const where = path === '' ? '' : `${path}: `;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        message: `${where}the disk is full`,
        hint: 'free some space and run the same command again; it goes on where it stopped',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case 'EROFS':
      return {
        message: `${where}the file system is read-only`,
        hint: 'set POSTRIDER_HOME to a directory that can be written; what was there is untouched',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case 'EEXIST':
    case 'ENOTDIR':
      return {
        message: `${where}a file is in the way of a directory`,
        hint: 'name another place; nothing was changed',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        message: `${where}no right to use it (${code})`,
        hint:
          'run as the user who owns it, or name a place of your own ' +
          '(POSTRIDER_HOME is that of the project)',
        exitCode: exitCodes.noRights,
        code,
      };
    default:
      return null;
  }
}
