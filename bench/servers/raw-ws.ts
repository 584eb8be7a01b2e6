/**
 * What one would write on plain `ws` for these two services alone: the envelope is parsed and answered, a publication is
 * serialized once and sent as the same string to each subscriber.
 */
import type { AddressInfo } from 'node:net';

import { type WebSocket, WebSocketServer } from 'ws';

import { serveControl } from './control.js';

interface Envelope {
  service: string;
  message: {
    command: string;
    params: { channel?: string; message?: unknown };
    callId?: unknown;
  };
}

const channels = new Map<string, Set<WebSocket>>();

function subscribe(socket: WebSocket, channel: string): null {
  let subscribers = channels.get(channel);
  if (subscribers === undefined)
    channels.set(channel, (subscribers = new Set()));
  subscribers.add(socket);
  socket.on('close', () => subscribers.delete(socket));
  return null;
}

function publish(channel: string, message: unknown): null {
  const text = JSON.stringify({
    service: 'pubsub',
    message: { type: 'message', channel, message },
  });
  for (const socket of channels.get(channel) ?? []) socket.send(text);
  return null;
}

function run(socket: WebSocket, { service, message }: Envelope): unknown {
  const { command, params } = message;
  if (service === 'calculator' && command === 'echo') return params;
  if (service !== 'pubsub' || params.channel === undefined)
    throw new Error(`unknown: ${service}.${command}`);
  return command === 'subscribe'
    ? subscribe(socket, params.channel)
    : publish(params.channel, params.message);
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/ws' });
server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (bytes: Buffer) => {
    const envelope = JSON.parse(bytes.toString()) as Envelope;
    const data = run(socket, envelope);
    socket.send(
      JSON.stringify({
        service: envelope.service,
        message: { type: 'response', callId: envelope.message.callId, data },
      }),
    );
  });
});
server.on('listening', () =>
  serveControl((server.address() as AddressInfo).port),
);
