/** Rendered cards in a folder. */
import type { Provider } from '../kit/provider.ts';
import { createFolderImageHost } from './image-host.ts';
import { folderOptions } from './options.ts';

export { createFolderImageHost };

export const folder = {
  kind: 'folder',
  title: 'Rendered cards as files in a folder',
  imageHost: { options: folderOptions, create: createFolderImageHost },
} as const satisfies Provider;
