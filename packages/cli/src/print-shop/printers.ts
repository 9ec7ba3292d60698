/** Which printers of the database print at the project's own print shop. */
import { printersOfKind } from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';

export interface PrinterAtOwnShop {
  readonly organizationId: string;
  readonly name: string;
}

/** One with a `url` prints elsewhere. */
export async function printersAtOwnShop(sql: Sql): Promise<readonly PrinterAtOwnShop[]> {
  const printers = await printersOfKind(sql, 'print-shop');
  return printers.filter(({ options }) => !('url' in options));
}
