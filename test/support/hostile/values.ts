/** Values that an application may hand over without meaning any harm, and worse. */
export const HOSTILE_VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  bigint: () => 1n,
  'bigint inside': () => ({ id: 1n }),
  symbol: () => Symbol('s'),
  function: () => () => 1,
  NaN: () => NaN,
  Infinity: () => -Infinity,
  'NaN inside': () => [NaN],
  cycle: () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = [cycle];
    return cycle;
  },
  'deep nesting': () => {
    let deep: unknown = null;
    for (let i = 0; i < 10_000; i++) deep = [deep];
    return deep;
  },
  'no prototype': () => Object.assign(Object.create(null) as object, { a: 1 }),
  'own __proto__': () => JSON.parse('{"__proto__": {"polluted": true}}'),
  'sparse list': () => Object.assign([], { 3: 1 }),
  'half a character': () => '\ud800',
  'long text': () => 'x'.repeat(20_000),
  Map: () => new Map([['a', 1]]),
  Set: () => new Set([1]),
  'empty instance': () => new (class Nothing {})(),
  'invalid Date': () => new Date(NaN),
  'throwing getter': () => ({
    get id(): never {
      throw new Error('getter');
    },
  }),
  'getter that throws nothing': () => ({
    get id(): never {
      const nothing: unknown = undefined;
      throw nothing;
    },
  }),
  'throwing toJSON': () => ({
    toJSON(): never {
      throw new Error('toJSON');
    },
  }),
  'toJSON of a function': () => ({ toJSON: () => () => 1 }),
  'toJSON of nothing': () => ({ toJSON: () => undefined }),
  'throwing toString': () => ({
    toString(): never {
      throw new Error('toString');
    },
    [Symbol.toPrimitive](): never {
      throw new Error('toPrimitive');
    },
  }),
  'proxy that throws': () => new Proxy({}, THROWING),
  'callable proxy that throws': () => new Proxy(() => {}, THROWING),
  'revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'then that throws': () => ({
    get then(): never {
      throw new Error('then');
    },
  }),
  'then that throws the second time': () => {
    let asked = 0;
    return {
      get then(): unknown {
        if (asked++ === 0) return () => {};
        throw new Error('then again');
      },
    };
  },
  'thenable that throws': () => ({
    then(): never {
      throw new Error('thenable');
    },
  }),
  'thenable that rejects': () => ({
    then: (_done: unknown, fail: (error: unknown) => void) => fail(undefined),
  }),
  'thenable that never settles': () => ({ then() {} }),
  'rejected promise': () => Promise.reject(new Error('rejected')),
  'promise rejected with a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return Promise.reject(proxy as Error);
  },
  'promise with a then of its own': () =>
    Object.assign(Promise.resolve(1), {
      then(): never {
        throw new Error('own then');
      },
    }),
  'error without a message': () => new Error(),
  'error with a throwing message and stack': () =>
    Object.create(Error.prototype, {
      message: { get: raise },
      stack: { get: raise },
      name: { get: raise },
      cause: { get: raise },
    }),
  'error whose message is no text': () =>
    Object.assign(new Error(), { message: { a: 1n }, stack: 7, status: 401 }),
};

/** With these, whoever waits for them waits. */
export const NEVER: ReadonlySet<string> = new Set([
  'thenable that never settles',
  // Asked once, it is one.
  'then that throws the second time',
]);

function raise(): never {
  throw new Error('hostile');
}

const THROWING: ProxyHandler<object> = new Proxy({}, { get: () => raise });
