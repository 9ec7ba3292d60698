/** The folder print shop, for those who start it: tests, and the command line. */
export type { Endpoint, Fault, FaultInput, FaultKind } from './faults.ts';
export { ledgerIn } from './ledger.ts';
export type { PrintShopOptions } from './options.ts';
export type { PrintReport } from './press.ts';
export { startPrintShop } from './shop.ts';
export { spawnPrintShop, type SpawnedPrintShop, type SpawnPrintShopOptions } from './spawn.ts';
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
} from './wire.ts';
