import { describe, expect, it, jest } from '@jest/globals';
import { ConnectorError, Messaging, RpcError } from 'snorky/client';
import { connect, dispatched, inState, rejection } from '../support/client.js';
import { ScriptedMessaging } from '../support/scripted-messaging.js';
import { ServiceServer } from '../support/scripted-service.js';

const startServer = () =>
  ServiceServer.start('messaging', new ScriptedMessaging());

function enter(server: ServiceServer, identity: string) {
  return connect(server.url(identity), { messaging: Messaging });
}

describe('the messaging connector', () => {
  it('carries messages between names', async () => {
    await using server = await startServer();
    using alice = enter(server, 'a');
    using bob = enter(server, 'b');
    await alice.services.messaging.registerParticipant({ name: 'alice' });
    await bob.services.messaging.registerParticipant({ name: ['bob', 1] });
    const received = dispatched(bob.services.messaging.messageReceived);
    const message = { sender: 'alice', dest: ['bob', 1], body: { text: 'hi' } };
    expect(await alice.services.messaging.send(message)).toBeNull();
    expect(await received).toEqual([message]);
  });

  it('lists the names', async () => {
    await using server = await startServer();
    using alice = enter(server, 'a');
    const { messaging } = alice.services;
    for (const name of ['b', 'c', 'a']) {
      await messaging.registerParticipant({ name });
    }
    await messaging.unregisterParticipant({ name: 'c' });
    expect(await messaging.listParticipants()).toEqual(['a', 'b']);
  });

  it('rejects with what the service says', async () => {
    await using server = await startServer();
    using alice = enter(server, 'a');
    using bob = enter(server, 'b');
    const { messaging } = alice.services;
    await bob.services.messaging.registerParticipant({ name: 'bob' });
    const errors = [
      await rejection(messaging.registerParticipant({ name: 'bob' })),
      await rejection(messaging.registerParticipant({ name: 'Duck' })),
      await rejection(messaging.unregisterParticipant({ name: 'eve' })),
      await rejection(messaging.unregisterParticipant({ name: 'bob' })),
      await rejection(messaging.send({ sender: 'bob', dest: 1, body: 1 })),
    ];
    expect(errors).toEqual([
      new RpcError('Name already registered'),
      new RpcError('Name not allowed'),
      new RpcError('Unknown participant'),
      new RpcError('Invalid participant'),
      new RpcError('Invalid sender'),
    ]);
  });

  it('registers names again on the next connection', async () => {
    await using server = await startServer();
    using alice = enter(server, 'a');
    using bob = enter(server, 'b');
    const { messaging } = alice.services;
    for (const name of ['given up', 'alice', 'refused']) {
      await messaging.registerParticipant({ name }).catch(() => {});
    }
    await messaging.unregisterParticipant({ name: 'given up' });
    await bob.services.messaging.registerParticipant({ name: 'bob' });
    const again = dispatched(messaging.reregistered, (n) => n === 'refused');
    server.cut('a');
    await again;
    expect(await messaging.listParticipants()).toEqual([
      'alice',
      'bob',
      'refused',
    ]);
    const received = dispatched(messaging.messageReceived);
    const message = { sender: 'bob', dest: 'alice', body: 1 };
    await bob.services.messaging.send(message);
    expect(await received).toEqual([message]);
  });

  it('tells that somebody else has taken a name meanwhile', async () => {
    await using server = await startServer();
    let reachable = true;
    let url = server.url('a');
    using alice = connect(
      () => (reachable ? url : Promise.reject(new Error('There is no way'))),
      { messaging: Messaging },
    );
    using bob = enter(server, 'b');
    const { messaging } = alice.services;
    await messaging.registerParticipant({ name: 'star' });
    reachable = false;
    server.cut('a');
    await inState(alice, 'waiting');
    await bob.services.messaging.registerParticipant({ name: 'star' });
    const taken = dispatched(messaging.unregistered);
    reachable = true;
    expect(await taken).toEqual([
      'star',
      new RpcError('Name already registered'),
    ]);
    // It is not tried again: the name is free by then, and stays so.
    await bob.services.messaging.unregisterParticipant({ name: 'star' });
    url = server.url('a2');
    server.cut('a');
    await inState(alice, 'waiting');
    expect(await messaging.listParticipants()).toEqual([]);
  });

  it('gives a name up without a connection by not registering it again', async () => {
    await using server = await startServer();
    using alice = enter(server, 'a');
    const { messaging } = alice.services;
    await messaging.registerParticipant({ name: 'alice' });
    alice.disconnect();
    expect(await messaging.unregisterParticipant({ name: 'alice' })).toBeNull();
    alice.connect();
    expect(await messaging.listParticipants()).toEqual([]);
  });

  it('rejects what had no answer when nobody will come back', async () => {
    await using server = await startServer();
    using alice = enter(server, 'a');
    const registration = rejection(
      alice.services.messaging.registerParticipant({ name: 'alice' }),
    );
    alice.disconnect();
    const error = (await registration) as ConnectorError;
    expect(error.code).toBe('SNORKY_DISCONNECTED');
  });

  it('complains of notifications that it does not know', async () => {
    await using server = await ServiceServer.start('messaging', {
      commands: {
        listParticipants: [
          [],
          (peer) => {
            for (const strange of [
              { type: 'Message', sender: 1, dest: 1, body: 1 },
              { type: 'message', sender: 1, dest: 1 },
              { type: 'message', sender: 1, body: 1 },
              { type: 'message', dest: 1, body: 1 },
            ]) {
              peer.notify(strange);
            }
          },
        ],
      },
      gone: () => {},
    });
    using alice = enter(server, 'a');
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const received = jest.fn();
      alice.services.messaging.messageReceived.add(received);
      await alice.services.messaging.listParticipants();
      expect(complaint).toHaveBeenCalledTimes(4);
      expect(received).not.toHaveBeenCalled();
    } finally {
      complaint.mockRestore();
    }
  });
});
