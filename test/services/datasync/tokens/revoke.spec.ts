import { describe, expect, it } from '@jest/globals';
import type { Broker, JsonObject, JsonValue } from 'snorky';
import { callBackend } from 'snorky/testing';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import { CloseCode } from '../../../../src/protocol/close-codes.js';
import {
  acquire,
  ALL,
  BROKERS,
  connectAs,
  DataSyncApp,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';
import { wrapLogs } from '../../../support/services/wrapped-logs.js';

const NONE = { value: 'No such subscription' };
const OTHERS = [{ dealer: 'Sentinels', query: null }];

function revoke(app: DataSyncApp, params: JsonObject): Promise<JsonValue> {
  return callBackend(app.app, 'datasync_backend', 'revoke', params);
}

function owned(owner: string): readonly { dealer: string; query: JsonValue }[] {
  return [...OTHERS, { dealer: 'TasksByOwner', query: { b: 1, owner } }];
}

describe.each(BROKERS)('A revocation over $over', ({ make }) => {
  it('ends what all of its members are true of, and tells its clients once', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const ann = { id: 1, name: 'ann' };
    const client = await connectAs(app, ann, 'revoked');
    const tokens = {
      bound: await app.service.authorizeSubscription(owned('ann'), {
        for: ann,
      }),
      once: await app.service.authorizeSubscription(ALL, { for: ann }),
      bearer: await app.authorize(owned('bob')),
      other: await app.authorize(OTHERS),
    };
    await resume(client, tokens.bound);
    await acquire(client, tokens.once);
    await resume(client, tokens.bearer);
    await resume(client, tokens.other);
    await taken(client);
    const fallen = async (params: JsonObject): Promise<JsonValue[]> => {
      expect(await revoke(app, params)).toBeNull();
      const messages = await taken(client);
      expect(messages.length).toBeLessThanOrEqual(1);
      return messages.flatMap(({ type, subscriptions }) => {
        expect(type).toBe('revoked');
        return subscriptions as JsonValue[];
      });
    };
    const query = { owner: 'ann', b: 1 };
    expect(await fallen({ identity: 'ann' })).toEqual([]);
    expect(await fallen({ dealer: 'FilteredTasks' })).toEqual([]);
    expect(await fallen({ dealer: 'TasksByOwner', query: null })).toEqual([]);
    expect(await fallen({ dealer: 'AllTasks', token: tokens.bound })).toEqual(
      [],
    );
    expect(await fallen({ token: 'x'.repeat(32) })).toEqual([]);
    expect(await fallen({ token: 'no token' })).toEqual([]);
    expect([app.held, app.routed]).toEqual([4, 1]);
    expect(await fallen({ dealer: 'TasksByOwner', query })).toEqual([
      tokens.bound,
    ]);
    expect(await fallen({ token: tokens.other })).toEqual([tokens.other]);
    // Its connection's bearer subscriptions too.
    const rest = await fallen({ identity: { name: 'ann', id: 1 } });
    expect(rest.toSorted()).toEqual([tokens.once, tokens.bearer].toSorted());
    expect([app.held, app.routed]).toEqual([0, 0]);
    await app.publish(task(1));
    await app.read();
    expect(await taken(client)).toEqual([]);
    for (const token of Object.values(tokens)) {
      await expect(resume(client, token)).rejects.toMatchObject(NONE);
    }
    expect(client.connected).toBe(true);
  });

  it('closes those who would not understand, silent at once', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const [old, other] = [
      await connectAs(app, 'ann'),
      await connectAs(app, 'bob'),
    ];
    await acquire(old, await app.authorize());
    await acquire(other, await app.authorize());
    await app.service.revoke({ identity: 'ann' });
    await app.publish(task(1));
    await app.read();
    expect(await old.closed).toMatchObject({ code: CloseCode.changesLost });
    expect(await taken(old)).toEqual([]);
    expect(rowsIn(await taken(other))).toEqual([1]);
  });

  it.each([
    ['never came', false],
    ['is away', true],
  ])('ends what a client has that %s', async (_, wasHeld) => {
    await using app = await DataSyncApp.start({ broker: make() });
    for (const what of ['bound', 'bearer', 'byDealer', 'byToken'] as const) {
      const token = await (what === 'bound'
        ? app.service.authorizeSubscription(ALL, { for: 'ann' })
        : app.authorize());
      const client = await connectAs(app, 'ann');
      let since: JsonValue | undefined;
      if (wasHeld) {
        const others = app.held;
        since = (await resume(client, token)).position;
        client.disconnect();
        await until('grace', () => app.held === others);
      }
      await app.publish(task(1));
      const later = await app.service.authorizeSubscription(ALL, {
        bearer: true,
      });
      const { position } = await resume(await connectAs(app), later);
      await (what === 'byDealer'
        ? app.service.revoke({ dealer: 'AllTasks', query: null })
        : app.service.revoke(
            what === 'byToken' ? { token } : { identity: 'ann' },
          ));
      await app.read();
      const again = await connectAs(app, 'ann', 'revoked');
      // A position from after the revocation, which another client has, does
      // not help either.
      await expect(
        resume(again, token, wasHeld ? since : position),
      ).rejects.toMatchObject(NONE);
      await expect(resume(again, token, position)).rejects.toMatchObject(NONE);
      await expect(acquire(again, token)).rejects.toMatchObject(NONE);
      expect(await taken(again)).toEqual([]);
    }
  });

  it('is about what was authorized before it', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    await app.service.revoke({ dealer: 'AllTasks' });
    const client = await connectAs(app, 'ann', 'revoked');
    const token = await app.authorize();
    const { position } = await resume(client, token);
    await app.publish(task(1));
    await app.read();
    client.disconnect();
    await until('grace', () => app.held === 0);
    // A revocation for another identity does not concern the token.
    await app.service.revoke({ identity: 'bob' });
    const again = await connectAs(app, 'ann', 'revoked');
    expect((await resume(again, token, position)).recovered).toBe(true);
    expect(rowsIn(await taken(again))).toEqual([1]);
  });

  it('follows who has a bearer subscription', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const token = await app.authorize();
    const client = await connectAs(app, 'ann', 'revoked', 'identity');
    await resume(client, token);
    client.identity = 'bob';
    await app.read();
    await app.service.revoke({ identity: 'ann' });
    expect((await taken(client)).map(({ type }) => type)).toEqual(['identity']);
    client.disconnect();
    await until('grace', () => app.held === 0);
    await app.read();
    await app.service.revoke({ identity: 'bob' });
    await expect(
      resume(await connectAs(app, null), token),
    ).rejects.toMatchObject(NONE);
  });

  it('comes too late to be forgotten: where its log has, clients fetch', async () => {
    await using app = await DataSyncApp.start({
      broker: make(),
      revocations: { entries: 1 },
    });
    const [one, two, three] = [
      await app.authorize(OTHERS),
      await app.authorize(OTHERS),
      await app.authorize(OTHERS),
    ];
    const client = await connectAs(app);
    const { position } = await resume(client, three);
    for (let n = 0; n < 3; n++) await app.service.revoke({ identity: n });
    expect(await resume(client, one)).toEqual({ recovered: false });
    await expect(acquire(client, two)).rejects.toMatchObject({
      value: 'Subscription expired',
    });
    for (const token of [one, two]) {
      await expect(resume(client, token)).rejects.toMatchObject(NONE);
    }
    expect(app.log.with('warn', 'log of revocations')).not.toEqual([]);
    // What is held has heard of all of them.
    client.disconnect();
    await until('grace', () => app.held === 0);
    await app.read();
    expect(
      (await resume(await connectAs(app), three, position)).recovered,
    ).toBe(true);
  });
});

describe('A revocation', () => {
  it('ends a replay, of which the rest is not sent', async () => {
    await using app = await DataSyncApp.start();
    const items = [{ dealer: 'SlowTasks', query: null }];
    for (const come of [resume, acquire]) {
      const token = await app.authorize(items);
      for (let n = 0; n < 500; n++) await app.service.publishDeltas([task(n)]);
      const client = await connectAs(app, null, 'revoked');
      const answer = come(client, token);
      await client.next();
      await app.service.revoke({ token });
      const sent = await taken(client);
      await expect(answer).rejects.toMatchObject(NONE);
      expect(sent.length).toBeLessThan(450);
      expect(await taken(client)).toEqual([]);
      await expect(resume(client, token)).rejects.toMatchObject(NONE);
    }
  });

  it.each([
    [{}, 'Invalid params'],
    [{ identity: null }, 'Invalid params'],
    [{ identity: null, dealer: 'AllTasks' }, 'Invalid params'],
    [{ query: null }, 'Invalid params'],
    [{ token: 'x'.repeat(32), query: 1 }, 'Invalid params'],
    [{ everything: true }, 'Invalid params'],
    [{ dealer: 7 }, 'dealer should be a dealer name'],
    [{ dealer: null }, 'dealer should be a dealer name'],
    [{ dealer: 'None' }, 'No such dealer'],
    [{ token: 7 }, 'token must be string'],
    [{ token: null, identity: 'ann' }, 'token must be string'],
  ])('of a backend is not %j: %s', async (params, value) => {
    await using app = await DataSyncApp.start();
    await acquire(await connectAs(app, 'ann'), await app.authorize());
    await expect(revoke(app, params as JsonObject)).rejects.toMatchObject({
      value,
    });
    expect(app.held).toBe(1);
  });

  it.each([
    [{}, 'at least one'],
    [{ identity: undefined }, '{ identity: undefined }'],
    [{ identity: null, dealer: 'AllTasks' }, '{ identity: null }'],
    [{ identity: 'ann', dealer: undefined }, '{ dealer: undefined }'],
    [{ dealer: 'AllTasks', query: undefined }, '{ query: undefined }'],
    [{ identity: 'ann', query: null }, '`query` beside `dealer`'],
    [{ identity: NaN }, 'JSON cannot express identity'],
    [{ identity: new (class UserId {})() }, 'JSON cannot express identity'],
    [{ dealer: 7 }, 'a string'],
    [{ identity: 'ann', dealler: 'AllTasks' }, 'given "dealler", which it'],
    [undefined, 'takes its options as an object'],
  ])('in process is not %j: %s', async (options, text) => {
    await using app = await DataSyncApp.start();
    expect(() => app.service.revoke(options as object)).toThrow(text);
    expect(() => app.service.revoke({ dealer: 'None' })).toThrow(
      'No such dealer',
    );
  });
});

interface Pair extends AsyncDisposable {
  readonly store: MemoryStore;
  readonly a: DataSyncApp;
  readonly b: DataSyncApp;
}

async function startTwo(
  wrap: (broker: MemoryBroker, node: string) => Broker = (broker) => broker,
): Promise<Pair> {
  const store = new MemoryStore();
  const start = (node: string): Promise<DataSyncApp> =>
    DataSyncApp.start({
      broker: wrap(new MemoryBroker({ store, node }), node),
    });
  const [a, b] = await Promise.all([start('a'), start('b')]);
  return {
    store,
    a,
    b,
    async [Symbol.asyncDispose]() {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
    },
  };
}

/** A broker of which some of the reading of one log can be held up. */
function hesitating(
  broker: MemoryBroker,
  wait: (topic: string) => Promise<void> | undefined,
): Broker {
  return wrapLogs(broker, (log, topic) => ({
    replay: (since, limits) => {
      const waiting = wait(topic);
      if (waiting === undefined) return log.replay(since, limits);
      return waiting.then(() => log.replay(since, limits));
    },
  }));
}

/** A broker whose listeners hear nothing while a test wants it so. */
function deaf(
  broker: Broker,
  isDeaf: () => boolean,
  missed: (() => void)[],
): Broker {
  return wrapLogs(broker, (log) => ({
    subscribe: (listener, options) =>
      log.subscribe((entry) => {
        if (isDeaf()) missed.push(() => listener(entry));
        else listener(entry);
      }, options),
  }));
}

/** A broker that appends to a topic only when it is let. */
function refusing(broker: MemoryBroker, topics: Set<string>): Broker {
  return wrapLogs(broker, (log, topic) => ({
    publish: (value) => {
      if (topics.has(topic)) throw new Error('The broker cannot be reached');
      return log.publish(value);
    },
  }));
}

describe('A revocation on another node', () => {
  it.each([
    ['near', false],
    ['far away', true],
  ])('ends what is held here, %s', async (_, far) => {
    const seed = Date.now() & 0xffff;
    await using pair = await startTwo((broker, node) =>
      far ? new DelayedBroker(broker, { seed: seed + node.length }) : broker,
    );
    const { a, b } = pair;
    const client = await connectAs(a, 'ann', 'revoked');
    await resume(client, await a.authorize());
    await acquire(
      client,
      await b.service.authorizeSubscription(ALL, { for: 'ann' }),
    );
    await b.service.revoke({ identity: 'ann' });
    await b.publish(task(1));
    await a.read();
    expect(rowsIn(await taken(client))).toEqual([]);
    expect([a.held, a.routed]).toEqual([0, 0]);
  });

  it.each(['bound', 'bearer'])(
    'is not lost with a node that dies before it has read of it: %s',
    async (what) => {
      let isStuck = false;
      await using pair = await startTwo((broker, node) =>
        hesitating(broker, (topic) =>
          node === 'b' && isStuck && topic.startsWith('revoked:')
            ? new Promise(() => {})
            : undefined,
        ),
      );
      const { a, b } = pair;
      const token = await (what === 'bound'
        ? a.service.authorizeSubscription(ALL, { for: 'ann' })
        : a.authorize());
      const client = await connectAs(a, 'ann');
      const { position } = await resume(client, token);
      client.disconnect();
      await until('grace', () => a.held === 0);
      await a.service.revoke({ identity: 'ann' });
      isStuck = true;
      // Somebody else has a bearer token now: who had it must not be forgotten.
      const next = await connectAs(b, what === 'bound' ? 'ann' : 'bob');
      resume(next, token, position).catch(() => {});
      await until('the claim', () => b.held === 1);
      await b[Symbol.asyncDispose]();
      const last = await connectAs(a, what === 'bound' ? 'ann' : 'carol');
      await expect(resume(last, token, position)).rejects.toMatchObject(NONE);
    },
  );

  it.each([true, false])(
    'reaches who is being looked up here (with resume: %s)',
    async (resumes) => {
      const waiting: (() => void)[] = [];
      let waits = false;
      await using pair = await startTwo((broker, node) =>
        hesitating(broker, (topic) =>
          node === 'a' && waits && topic.startsWith('revoked:')
            ? new Promise((resolve) => waiting.push(resolve))
            : undefined,
        ),
      );
      const { a, b } = pair;
      const token = await a.authorize();
      await a.publish(task(1));
      const client = await connectAs(a, 'ann', 'revoked');
      waits = true;
      const answer = resumes ? resume(client, token) : acquire(client, token);
      answer.catch(() => {});
      await until('the question', () => waiting.length > 0);
      await b.service.revoke({ identity: 'ann' });
      for (const go of waiting) go();
      await expect(answer).rejects.toMatchObject(NONE);
      expect([a.held, a.routed, await taken(client)]).toEqual([0, 0, []]);
      waits = false;
      await expect(
        resume(await connectAs(b, 'ann'), token),
      ).rejects.toMatchObject(NONE);
    },
  );

  it('ends what somebody had on a node that died with it', async () => {
    const brokers: MemoryBroker[] = [];
    await using pair = await startTwo((broker) => {
      brokers.push(broker);
      return broker;
    });
    const { a, b } = pair;
    const [mine, other] = [await a.authorize(), await a.authorize()];
    const { position } = await resume(await connectAs(b, 'ann'), mine);
    await resume(await connectAs(b, 'bob'), other);
    // Nothing of it is given back.
    await brokers.find(({ node }) => node === 'b')?.close();
    await a.service.revoke({ identity: 'ann' });
    const last = await connectAs(a, 'carol');
    await expect(resume(last, mine, position)).rejects.toMatchObject(NONE);
    expect((await resume(last, other, position)).recovered).toBe(true);
  });

  it('is not lost where a token is given back late', async () => {
    let fails = true;
    let released = (): void => {};
    const late = new Promise<void>((resolve) => (released = resolve));
    await using pair = await startTwo((broker, node) => {
      if (node === 'b') return broker;
      const release = broker.tokens.release.bind(broker.tokens);
      Object.assign(broker.tokens, {
        release: (...args: Parameters<typeof release>): boolean => {
          if (fails) throw new Error('The broker cannot be reached');
          released();
          return release(...args);
        },
      });
      return broker;
    });
    const { a, b } = pair;
    const token = await a.authorize();
    const client = await connectAs(a, 'ann');
    const { position } = await resume(client, token);
    client.disconnect();
    await until('the end', () => a.held === 0);
    await b.service.revoke({ identity: 'ann' });
    fails = false;
    const last = await connectAs(b, 'bob');
    await late;
    await expect(resume(last, token, position)).rejects.toMatchObject(NONE);
  });

  it('keeps rows from a replay that comes to it before the node has heard', async () => {
    const waiting: (() => void)[] = [];
    const missed: (() => void)[] = [];
    let waits = false;
    await using pair = await startTwo((broker, node) => {
      if (node === 'b') return broker;
      const slow = hesitating(broker, (topic) =>
        waits && topic.startsWith('datasync:')
          ? new Promise((resolve) => waiting.push(resolve))
          : undefined,
      );
      return deaf(slow, () => waits, missed);
    });
    const { a, b } = pair;
    for (const come of [resume, acquire]) {
      const token = await a.authorize();
      await a.publish(task(1));
      const client = await connectAs(a, 'ann', 'revoked');
      waits = true;
      const answer = come(client, token);
      answer.catch(() => {});
      await until('the replay', () => waiting.length > 0);
      await b.service.revoke({ identity: 'ann' });
      await b.publish(task(2));
      for (const go of waiting.splice(0)) go();
      waits = false;
      await expect(answer).rejects.toMatchObject(NONE);
      expect(rowsIn(await taken(client))).toEqual([1]);
      for (const hear of missed.splice(0)) hear();
      expect([a.held, a.routed, await taken(client)]).toEqual([0, 0, []]);
    }
  });

  it('ends what is held though it could not be put in order with the rows', async () => {
    const unreachable = new Set<string>();
    await using pair = await startTwo((broker, node) =>
      node === 'b' ? refusing(broker, unreachable) : broker,
    );
    const { a, b } = pair;
    const client = await connectAs(a, 'ann', 'revoked');
    await resume(client, await a.authorize());
    unreachable.add('datasync:frontend/datasync');
    expect(() => b.service.revoke({ identity: 'ann' })).toThrow(
      'cannot be reached',
    );
    await a.read();
    expect((await taken(client)).map(({ type }) => type)).toEqual(['revoked']);
    expect(a.held).toBe(0);
    // And it may be done again.
    unreachable.clear();
    await b.service.revoke({ identity: 'ann' });
  });

  it('is about what was authorized before it, also where it is late', async () => {
    const seed = Date.now() & 0xffff;
    await using pair = await startTwo((broker, node) =>
      node === 'b' ? new DelayedBroker(broker, { seed, maxDelay: 30 }) : broker,
    );
    const { a, b } = pair;
    for (let n = 0; n < 10; n++) {
      await a.service.revoke({ identity: 'ann', dealer: 'AllTasks' });
      const token = await a.service.authorizeSubscription(ALL, { for: 'ann' });
      const client = await connectAs(b, 'ann', 'revoked');
      await resume(client, token);
      await b.read();
      expect(await taken(client)).toEqual([]);
      client.disconnect();
    }
  });

  it('overtakes no row, and no row that comes after it overtakes it', async () => {
    const seed = Date.now() & 0xffff;
    await using pair = await startTwo((broker, node) =>
      node === 'a' ? new DelayedBroker(broker, { seed, maxDelay: 10 }) : broker,
    );
    const { a, b } = pair;
    for (let n = 0; n < 10; n++) {
      const token = await b.authorize();
      const client = await connectAs(a, 'ann', 'revoked');
      const acquired = n % 2 === 0 ? resume(client, token) : undefined;
      await acquired;
      await b.service.revoke({ token });
      await b.publish(task(n));
      // Some come while the rows are on their way.
      await (acquired ?? resume(client, token)).catch(() => {});
      await a.read();
      expect(rowsIn(await taken(client))).toEqual([]);
    }
  });
});
