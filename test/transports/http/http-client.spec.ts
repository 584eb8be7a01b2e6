import { describe, expect, it } from '@jest/globals';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PreparedMessage } from '../../../src/core/clients/prepared-message.js';
import { HttpClient } from '../../../src/transports/http/http-client.js';

function open(resolvesCalls: boolean, url?: string) {
  const outcomes: unknown[] = [];
  const counted = { dropped: 0 };
  const request = new IncomingMessage(new Socket());
  request.headers = { host: 'here' };
  if (url !== undefined) request.url = url;
  const client = new HttpClient(
    request,
    '10.0.0.1',
    resolvesCalls,
    (outcome) => outcomes.push(outcome),
    () => counted.dropped++,
  );
  return { client, outcomes, counted };
}

describe('The caller of one HTTP request', () => {
  it('shows its request, and is never connected', () => {
    const { client } = open(true, '/backend?a=1');
    expect(client.handshake).toEqual({
      headers: { host: 'here' },
      url: '/backend?a=1',
      remoteAddress: undefined,
      ip: '10.0.0.1',
    });
    expect(client.connected).toBe(false);
  });

  it('hears the first message of a raw service, and no later one', () => {
    const { client, outcomes, counted } = open(false);
    client.sendText('first');
    client.sendText('second');
    client.answer('third', 'answer');
    client.discarded('invalidJson');
    expect(outcomes).toEqual([{ text: 'first', kind: 'answer' }]);
    expect(counted.dropped).toBe(2);
  });

  it('hears a message for many as one for itself', () => {
    const { client, outcomes } = open(false);
    client.deliver(new PreparedMessage('{"service":"a","message":1}'));
    expect(outcomes).toEqual([
      { text: '{"service":"a","message":1}', kind: 'answer' },
    ]);
  });

  it('hears the answer of its call alone', () => {
    const { client, outcomes, counted } = open(true);
    client.sendText('a notification');
    expect(outcomes).toEqual([]);
    expect(counted.dropped).toBe(1);
    client.answer('the answer', 'unavailable');
    client.answer('another', 'answer');
    expect(outcomes).toEqual([{ text: 'the answer', kind: 'unavailable' }]);
    expect(counted.dropped).toBe(2);
  });

  it('hears why its message was discarded', () => {
    const { client, outcomes } = open(true);
    client.discarded('invalidJson');
    expect(outcomes).toEqual([{ fault: 'invalidJson' }]);
  });

  it('hears nothing once it has gone', () => {
    const { client, outcomes, counted } = open(false);
    client.release();
    client.sendText('late');
    client.answer('late', 'answer');
    client.discarded('invalidJson');
    expect(outcomes).toEqual([]);
    expect(counted.dropped).toBe(2);
  });
});
