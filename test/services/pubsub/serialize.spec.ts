import { afterEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  PubSubModule,
  PubSubService,
  SnorkyModule,
  type JsonObject,
  type JsonValue,
  type PubSubModuleOptions,
} from 'snorky';
import { callBackend, connectClient, type TestClient } from 'snorky/testing';
import { HOSTILE_VALUES } from '../../support/hostile/values.js';

class Person {
  name = 'ann';
  @Exclude() hash = 'secret';
  @Expose() get shout(): string {
    return this.name.toUpperCase();
  }
}

class Admin extends Person {
  level = 7;
}

@Exclude()
class Hidden {
  @Expose({ name: 'number' }) id = 1;
  secret = 'secret';
  @Expose({ groups: ['staff'] }) note = 'secret';
}

class Team {
  @Type(() => Person) members = [{ name: 'bob', hash: 'secret' }];
  @Transform(({ value }) => (value as Date).getFullYear())
  since = new Date('2026-05-01');
}

/** As of an ORM for documents. */
class ObjectId {
  readonly bytes = [1, 2];
  toJSON(): string {
    return 'aff';
  }
}

class Asked extends Person {
  toJSON(): JsonValue {
    return { hash: this.hash };
  }
}

const ANN = { name: 'ann', shout: 'ANN' };

let app: TestingModule | undefined;

async function start(
  options: PubSubModuleOptions = {},
): Promise<[PubSubService, TestClient]> {
  const testing = await Test.createTestingModule({
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws' } },
          backend: { http: { path: '/backend', key: 'k' } },
        },
      }),
      PubSubModule.register(options),
    ],
  }).compile();
  app = await testing.init();
  const client = await connectClient(app);
  await client.call('pubsub', 'subscribe', { channel: 'news' });
  return [app.get(PubSubService), client];
}

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function heard(client: TestClient): Promise<JsonValue | undefined> {
  const { message } = (await client.next()) as { message: JsonObject };
  return message['message'];
}

describe('A message of the server', () => {
  it.each<[what: string, message: () => unknown, sent: JsonValue]>([
    ['an instance', () => new Person(), ANN],
    ['an instance of a subclass', () => new Admin(), { ...ANN, level: 7 }],
    ['one in a list', () => [1, [new Person()]], [1, [ANN]]],
    ['one in an object', () => ({ a: { b: new Person() } }), { a: { b: ANN } }],
    [
      'one in an instance without rules',
      () =>
        new (class {
          readonly who = new Person();
        })(),
      { who: ANN },
    ],
    [
      'one in what a toJSON() gives',
      () => ({ toJSON: () => ({ who: new Person() }) }),
      { who: ANN },
    ],
    ['one with a toJSON()', () => new Asked(), ANN],
    ['one whose class leaves all out', () => new Hidden(), { number: 1 }],
    [
      'plain objects where the class says what they are',
      () => ({ team: new Team() }),
      { team: { members: [{ name: 'bob' }], since: 2026 } },
    ],
    [
      'one with a member like its class',
      () => Object.assign(new Person(), { constructor: { prototype: {} } }),
      ANN,
    ],
    [
      'no rules, and a toJSON()',
      () => ({ id: new ObjectId(), at: new Date(0) }),
      { id: 'aff', at: '1970-01-01T00:00:00.000Z' },
    ],
    [
      'what JSON drops and changes, beside one',
      () => ({
        a: undefined,
        b: () => 1,
        c: NaN,
        d: new Map(),
        e: new Person(),
      }),
      { c: null, d: {}, e: ANN },
    ],
  ])('leaves by the rules of its classes: %s', async (_, message, sent) => {
    const [pubsub, client] = await start();
    await pubsub.broadcast('news', message() as JsonValue);
    expect(await heard(client)).toEqual(sent);
  });

  it('is what it was afterwards', async () => {
    const [pubsub] = await start();
    const person = new Person();
    await pubsub.broadcast('news', { person } as unknown as JsonValue);
    expect({ ...person }).toEqual({ name: 'ann', hash: 'secret' });
  });

  it('is refused where it contains itself, or its rules throw', async () => {
    const [pubsub, client] = await start();
    const loop = Object.assign(new Person(), { friend: new Person() });
    Object.assign(loop.friend, { friend: loop });
    class Broken {
      @Transform(() => {
        throw new Error('No');
      })
      member = 1;
    }
    for (const message of [loop, [new Broken()]]) {
      expect(() =>
        pubsub.broadcast('news', message as unknown as JsonValue),
      ).toThrow('JSON cannot express message');
    }
    await pubsub.broadcast('news', 1);
    expect(await heard(client)).toBe(1);
  });

  // A promise that nobody waits for is its maker's.
  const hostile = Object.keys(HOSTILE_VALUES).filter(
    (name) => !name.includes('promise'),
  );
  it.each(hostile)(
    'is sent or refused beside an instance with rules: %s',
    async (name) => {
      const [pubsub, client] = await start();
      const message = [HOSTILE_VALUES[name]?.(), new Person()];
      try {
        await pubsub.broadcast('news', message as JsonValue);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      expect(await heard(client)).toMatchObject({ 1: ANN });
    },
  );
});

describe('The option `serialize`', () => {
  it('has its say about what the server and its backend publish', async () => {
    const [pubsub, client] = await start({
      serialize: (message: { n: number }, channel) => ({
        channel,
        n: message.n + 1,
        who: new Person(),
      }),
    });
    await pubsub.broadcast('news', { n: 1, more: 2 });
    expect(await heard(client)).toEqual({ channel: 'news', n: 2, who: ANN });
    await callBackend(app as TestingModule, 'pubsub_backend', 'publish', {
      channel: 'news',
      message: { n: 2 },
    });
    expect(await heard(client)).toEqual({ channel: 'news', n: 3, who: ANN });
  });

  it('gets no promises, that fail where nobody looks', async () => {
    const [pubsub] = await start({ serialize: () => 'said' });
    const late: unknown = Promise.reject(new Error('No database'));
    expect(() => pubsub.broadcast('news', late as string)).toThrow(
      'The message is a promise. Wait for it.',
    );
  });

  it('leaves alone what clients publish', async () => {
    const [, client] = await start({ serialize: () => 'changed' });
    await client.call('pubsub', 'publish', { channel: 'news', message: 7 });
    expect(await heard(client)).toBe(7);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('No');
      },
      'No',
    ],
    [
      'promises',
      () => Promise.reject(new Error('late')),
      'must answer at once',
    ],
    ['gives what JSON cannot express', () => 1n, 'JSON cannot express message'],
  ])('tells the publisher when it %s', async (_, serialize, error) => {
    const [pubsub] = await start({ serialize });
    expect(() => pubsub.broadcast('news', 1)).toThrow(error);
  });

  it('may come from a factory that injects providers', async () => {
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        PubSubModule.registerAsync({
          imports: [
            {
              module: class Names {},
              providers: [{ provide: 'name', useValue: 'said' }],
              exports: ['name'],
            },
          ],
          inject: ['name'],
          useFactory: async (name: string) => ({ serialize: () => name }),
        }),
      ],
    }).compile();
    app = await testing.init();
    await using client = await connectClient(app);
    await client.call('pubsub', 'subscribe', { channel: 'news' });
    await app.get(PubSubService).broadcast('news', { n: 1 });
    expect(await client.next()).toMatchObject({ message: { message: 'said' } });
  });

  it.each([
    [
      'at once',
      () => PubSubModule.register({ name: 'mine', serialize: 7 as never }),
    ],
    [
      'from a factory',
      () =>
        PubSubModule.registerAsync({
          name: 'mine',
          useFactory: () => ({ serialize: 7 as never }),
        }),
    ],
  ])('is a function, or stops the start: %s', async (_how, module) => {
    const starting = Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        module(),
      ],
    }).compile();
    await expect(starting).rejects.toMatchObject({
      code: 'SNORKY_SERVICE_OPTION_INVALID',
      message:
        'The options of service "mine" cannot be used: The PubSub option "serialize" must be a function.',
    });
  });
});
