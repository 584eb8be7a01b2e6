// Clients without a port
export { connectClient } from './connect.js';
export { callBackend } from './call-backend.js';
export type { ConnectOptions } from './connect.js';
export type { BackendCallOptions } from './call-backend.js';
export type { Closing, ReceivedEnvelope } from './memory-client.js';
export type { NextOptions, TestClient } from './test-client.js';
export type { TestCalls } from './test-calls.js';
export type { TestList } from './test-list.js';
export { UpgradeRefused } from '../core/admission/upgrade-refused.js';

// A stand-in for a cluster
export { DelayedBroker } from '../broker/delayed-broker.js';
