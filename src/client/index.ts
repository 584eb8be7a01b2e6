// Events
export { Signal } from './signal.js';
export type { Listener } from './signal.js';
