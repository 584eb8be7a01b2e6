import { describe, expect, it } from '@jest/globals';
import { inState, connect } from '../support/client.js';
import { ScriptedServer } from '../support/scripted-server.js';

describe('the snapshot of a connection', () => {
  it('says where it stands, and is the same object meanwhile', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, {}, { connect: false });
    const idle = snorky.getSnapshot();
    expect(idle).toEqual({
      state: 'idle',
      retryAt: undefined,
      close: undefined,
    });
    expect(Object.isFrozen(idle)).toBe(true);
    expect(snorky.getSnapshot()).toBe(idle);
    snorky.connect();
    expect(snorky.getSnapshot().state).toBe('connecting');
    await server.connection();
    await inState(snorky, 'connected');
    const connected = snorky.getSnapshot();
    expect(connected.state).toBe('connected');
    expect(snorky.getSnapshot()).toBe(connected);
    expect(idle.state).toBe('idle');
  });

  it('says how the last connection has ended until there is another one', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, {}, { reconnect: { minDelay: 60_000 } });
    const connection = await server.connection();
    await inState(snorky, 'connected');
    connection.ws.close(4200, 'bye');
    await inState(snorky, 'waiting');
    const waiting = snorky.getSnapshot();
    expect(waiting).toEqual({
      state: 'waiting',
      retryAt: snorky.retryAt,
      close: { code: 4200, reason: 'bye' },
    });
    expect(waiting.retryAt).toEqual(expect.any(Number));
    snorky.connect();
    expect(snorky.getSnapshot()).toEqual({
      state: 'connecting',
      retryAt: undefined,
      close: { code: 4200, reason: 'bye' },
    });
    await inState(snorky, 'connected');
    expect(snorky.getSnapshot().close).toBeUndefined();
  });

  it('says why it has stopped', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, {});
    const connection = await server.connection();
    await inState(snorky, 'connected');
    connection.ws.close(4100, 'expired');
    await inState(snorky, 'stopped');
    expect(snorky.getSnapshot()).toEqual({
      state: 'stopped',
      retryAt: undefined,
      close: { code: 4100, reason: 'expired' },
    });
  });
});

describe('who subscribes to a connection', () => {
  it('is told each change once, and finds it in the snapshot', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, {}, { connect: false });
    const { subscribe, getSnapshot } = snorky;
    const states: string[] = [];
    const stop = subscribe(() => states.push(getSnapshot().state));
    snorky.connect();
    await inState(snorky, 'connected');
    snorky.disconnect();
    expect(states).toEqual(['connecting', 'connected', 'idle']);
    stop();
    snorky.connect();
    expect(states).toHaveLength(3);
  });
});
