export type { Delta, RowDelta, UpdateDelta } from '../../protocol/delta.js';
