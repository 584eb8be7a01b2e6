import type { INestApplicationContext } from '@nestjs/common';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { RpcError } from '../core/rpc/rpc-error.js';
import { DEFAULT_BACKEND_REGISTRY } from '../nest/setup/constants.js';
import type { JsonValue } from '../protocol/json.js';
import type { RpcErrorMessage, RpcResponse } from '../protocol/rpc.js';
import {
  HttpClient,
  type HttpOutcome,
} from '../transports/http/http-client.js';
import { checkService, registryOf } from './application.js';
import { PATIENCE } from './inbox.js';

/** The registry to call, and the time that the call may take. */
export interface BackendCallOptions {
  /** @default 'backend' */
  readonly registry?: string;
  /** Milliseconds to wait for the answer. @default 2000 */
  readonly patience?: number;
}

/**
 * Calls a command as a trusted server would over HTTP, without a port and
 * without a key.
 *
 * Rejects with an `RpcError` when the command answers with an error, and with an
 * `Error` when there is no such registry or service, or no answer comes in time.
 *
 * @example
 * await callBackend(app, 'pubsub_backend', 'publish', { channel: 'news', message: 'Hi' });
 */
export async function callBackend(
  app: INestApplicationContext,
  service: string,
  command: string,
  params: object = {},
  {
    registry: name = DEFAULT_BACKEND_REGISTRY,
    patience = PATIENCE,
  }: BackendCallOptions = {},
): Promise<JsonValue> {
  const registry = registryOf(app, name);
  checkService(registry, service);
  const outcome = await new Promise<HttpOutcome>((resolve, reject) => {
    const timer = setTimeout(() => {
      client.release();
      reject(
        new Error(`${service}.${command} did not answer in ${patience} ms.`),
      );
    }, patience);
    const client = new HttpClient(
      new IncomingMessage(new Socket()),
      undefined,
      true,
      (answer) => {
        clearTimeout(timer);
        resolve(answer);
      },
      () => {},
    );
    // Sent as text, so that only what JSON can express arrives.
    const text = JSON.stringify({ command, params });
    const message = JSON.parse(text) as JsonValue;
    registry.process(client, { service, message }, text.length);
  });
  if ('fault' in outcome) {
    throw new Error(`The backend refused the message: ${outcome.fault}.`);
  }
  const { message } = JSON.parse(outcome.text) as {
    message: RpcResponse | RpcErrorMessage;
  };
  if (message.type === 'error') throw new RpcError(message.message);
  return message.data;
}
