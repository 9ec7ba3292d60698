/** Stand-ins for providers, as processes of their own. */
export { TwinError } from './kit/errors.ts';
export type { Endpoint, Fault, FaultInput, FaultKind } from './print-shop/faults.ts';
export { makeFolder } from './kit/folders.ts';
export { ledgerIn } from './print-shop/ledger.ts';
export type { PrintShopOptions } from './print-shop/options.ts';
export type { PrintReport } from './print-shop/press.ts';
export { startPrintShop, type RunningPrintShop } from './print-shop/shop.ts';
export {
  spawnPrintShop,
  type SpawnedPrintShop,
  type SpawnPrintShopOptions,
} from './print-shop/spawn.ts';
export type {
  Address,
  Confidence,
  LedgerLine,
  PieceOrder,
  PieceReference,
  PieceResult,
  PieceStatus,
  PieceView,
  Refusal,
  RejectionCode,
  TrackingEvent,
  WebhookBody,
  WebhookState,
} from './print-shop/wire.ts';
