import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import {
  CHUNK,
  Outbox,
  type OutboxSink,
} from '../../../src/core/clients/outbox.js';
import { OutboxFlusher } from '../../../src/core/clients/outbox-flusher.js';
import {
  ReadGate,
  type ReadGateHost,
} from '../../../src/transports/websocket/read-gate.js';

const STALL = 1000;
const MAX = 100;

/** A connection whose peer takes what it is sent when it is told to. */
class Connection implements OutboxSink, ReadGateHost {
  readonly settings = { maxWaiting: MAX, stallTimeout: STALL };
  readonly outbox = new Outbox(this, new OutboxFlusher(), {
    limit: 1e6,
    burst: 1e6,
  });
  readonly done: string[] = [];
  overloaded = false;
  buffered = CHUNK;
  readonly writable = true;

  /** Lets bytes wait, of which the peer takes nothing yet. */
  owe(bytes: number): void {
    this.outbox.push(new Uint8Array(bytes));
  }

  /** Has the peer take all. */
  takeAll(): void {
    this.buffered = 0;
    this.outbox.drained();
    this.buffered = CHUNK;
  }

  write(): void {}
  awaitDrain(): void {}
  tooSlow(): void {}
  failed(): void {}

  stopReading(): void {
    this.done.push('stop');
  }

  readAgain(): void {
    this.done.push('read');
  }

  stalled(): void {
    this.done.push('stalled');
  }
}

function open() {
  const connection = new Connection();
  return { connection, gate: new ReadGate(connection) };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('The gate of a connection', () => {
  it('stops reading once, and reads again once, however often it is asked to', () => {
    const { connection, gate } = open();
    gate.open();
    gate.tryOpen();
    expect(connection.done).toEqual([]);
    gate.close();
    gate.close();
    gate.closeForOutput();
    expect(gate.closed).toBe(true);
    expect(connection.done).toEqual(['stop']);
    gate.open();
    gate.open();
    expect(gate.closed).toBe(false);
    expect(connection.done).toEqual(['stop', 'read']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('stays closed while too much is unanswered', () => {
    const { connection, gate } = open();
    gate.close();
    connection.overloaded = true;
    gate.tryOpen();
    expect(gate.closed).toBe(true);
    connection.overloaded = false;
    gate.tryOpen();
    expect(gate.closed).toBe(false);
  });

  it('opens at once where no more waits than may', () => {
    const { connection, gate } = open();
    connection.owe(MAX);
    gate.closeForOutput();
    expect(connection.done).toEqual(['stop', 'read']);
  });

  it('opens when what waits has been taken, each time', () => {
    const { connection, gate } = open();
    for (let nth = 1; nth <= 3; nth++) {
      connection.owe(MAX + 1);
      gate.closeForOutput();
      expect(gate.closed).toBe(true);
      connection.takeAll();
      expect(gate.closed).toBe(false);
      expect(connection.done).toHaveLength(2 * nth);
    }
  });

  it('asks to be told of what was taken once at a time', () => {
    const { connection, gate } = open();
    const pull = jest.spyOn(connection.outbox, 'pull');
    connection.owe(MAX + 1);
    gate.closeForOutput();
    gate.tryOpen();
    gate.tryOpen();
    expect(pull).toHaveBeenCalledTimes(1);
  });

  it('gives up on who takes nothing, and is answered nothing', () => {
    const { connection, gate } = open();
    connection.owe(MAX + 1);
    gate.close();
    jest.advanceTimersByTime(STALL - 1);
    expect(connection.done).toEqual(['stop']);
    jest.advanceTimersByTime(1);
    expect(connection.done).toEqual(['stop', 'stalled']);
  });

  it('has patience as long as something is taken in each time', () => {
    const { connection, gate } = open();
    gate.close();
    // Nothing waits for the peer, so that is not what keeps the gate closed.
    jest.advanceTimersByTime(2 * STALL);
    expect(connection.done).toEqual(['stop']);
    connection.owe(3 * CHUNK);
    jest.advanceTimersByTime(STALL);
    expect(connection.done).toEqual(['stop', 'stalled']);
  });

  it('compares with what waited at the last look', () => {
    const { connection, gate } = open();
    connection.owe(CHUNK);
    connection.owe(CHUNK);
    gate.close();
    connection.buffered = 0;
    const write = jest.spyOn(connection, 'write').mockImplementation(() => {
      connection.buffered = CHUNK;
    });
    connection.outbox.drained();
    expect(write).toHaveBeenCalledTimes(1);
    expect(connection.outbox.bytes).toBe(CHUNK);
    jest.advanceTimersByTime(STALL);
    expect(connection.done).toEqual(['stop']);
    jest.advanceTimersByTime(STALL);
    expect(connection.done).toEqual(['stop', 'stalled']);
  });

  it('gives up on who has too much unanswered though it reads', () => {
    const { connection, gate } = open();
    gate.close();
    connection.overloaded = true;
    jest.advanceTimersByTime(STALL);
    expect(connection.done).toEqual(['stop', 'stalled']);
  });

  it('leaves no timer once it is disposed of', () => {
    const { connection, gate } = open();
    gate.close();
    gate.dispose();
    expect(jest.getTimerCount()).toBe(0);
    expect(connection.done).toEqual(['stop']);
  });
});
