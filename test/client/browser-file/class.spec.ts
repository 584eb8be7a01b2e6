import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
} from '@jest/globals';
import { rm } from 'node:fs/promises';
import {
  buildBrowserFiles,
  temporaryDirectory,
} from '../../package/build-package.js';
import {
  browserFile,
  FILES,
  otherRealm,
  sameRealm,
  type Page,
} from './page.js';

let directory: string;

beforeAll(async () => {
  directory = await temporaryDirectory('class');
  await buildBrowserFiles(directory);
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

const WHERE = FILES.flatMap((file) =>
  [sameRealm, otherRealm].map((place) => ({ file, place, where: place.name })),
);

describe.each(WHERE)('Snorky.Class of $file in $where', ({ file, place }) => {
  let page: Page;

  beforeEach(async () => {
    page = await place.open(browserFile(directory, file));
    await page.run(`
      var Person = Snorky.Class({
        STATIC: { count: 0, of: function (name) { return new this(name); } },
        constructor: function (name) { this.name = name; },
        greet: function () { return 'I am ' + this.name; }
      });
      var Dreamer = new Snorky.Class(Person, {
        greet: function () {
          return Dreamer.Super.prototype.greet.call(this) + ' and dream';
        }
      });
      // Never connects: what is made here is looked at, not used.
      function connect(services) {
        return new Snorky(WebSocket, 'ws://localhost/', services, {
          connect: false
        }).services;
      }
    `);
  });

  afterEach(async () => {
    await page[Symbol.asyncDispose]();
  });

  it('makes classes whose constructors are inherited', async () => {
    expect(await page.value(`new Dreamer('Ada').name`)).toBe('Ada');
    expect(await page.value(`new Dreamer('Ada').greet()`)).toBe(
      'I am Ada and dream',
    );
    expect(await page.value(`new Dreamer('Ada').constructor === Dreamer`)).toBe(
      true,
    );
  });

  it.each(['new Dreamer("Ada")', 'Dreamer("Ada")', '({ Dreamer }).Dreamer()'])(
    'makes instances of the class and its parents by %s',
    async (expression) => {
      await page.run(`var made = ${expression};`);
      expect(
        await page.value(`[Dreamer, Person, Object].map(function (parent) {
          return made instanceof parent;
        })`),
      ).toEqual([true, true, true]);
    },
  );

  it('lets an own constructor call that of the superclass', async () => {
    await page.run(`
      var Sleeper = Snorky.Class(Dreamer, {
        constructor: function (name, hours) {
          Sleeper.Super.call(this, name);
          this.hours = hours;
        }
      });
      var made = Sleeper('Ada', 8);
    `);
    expect(
      await page.value('[made.name, made.hours, made instanceof Sleeper]'),
    ).toEqual(['Ada', 8, true]);
  });

  it('gives subclasses the static members', async () => {
    expect(await page.value(`Dreamer.of('Ada') instanceof Dreamer`)).toBe(true);
    expect(await page.value('[Dreamer.count, Person.count]')).toEqual([0, 0]);
    expect(await page.value(`'STATIC' in Person.prototype`)).toBe(false);
    expect(
      await page.value('[Dreamer.Super === Person, Person.Super]'),
    ).toEqual([true, undefined]);
  });

  it('lets mixins fill in, and replace nothing', async () => {
    await page.run(`
      var Walker = Snorky.Class({
        constructor: function () { this.walks = true; },
        walk: function () { return 'walks'; },
        greet: function () { return 'Hi'; }
      });
      var Runner = Snorky.Class(Walker, {
        run: function () { return 'runs'; },
        rest: function () { return 'sits'; }
      });
      var Athlete = Snorky.Class(Person, Runner, { jump: function () {} }, {
        rest: function () { return 'sleeps'; }
      });
      var made = new Athlete('Ada');
    `);
    expect(
      await page.value(`[
        made.walk(), made.run(), made.rest(), made.greet(), typeof made.jump,
        made.walks, made instanceof Runner
      ]`),
    ).toEqual([
      ...['walks', 'runs', 'sleeps', 'I am Ada', 'function'],
      ...[undefined, false],
    ]);
  });

  it('leaves the body as it was, accessors too', async () => {
    await page.run(`
      var body = {
        STATIC: { level: 1 },
        constructor: function () {},
        get two() { return this.one + 1; }
      };
      var made = new (Snorky.Class(body))();
      made.one = 5;
      var again = Snorky.Class(Person, body);
    `);
    expect(await page.value('[made.two, again.level]')).toEqual([6, 1]);
    expect(await page.value('Object.keys(body)')).toEqual([
      'STATIC',
      'constructor',
      'two',
    ]);
  });

  it('works together with classes that have the syntax', async () => {
    await page.run(`
      var Shape = class { constructor(sides) { this.sides = sides; } };
      var Square = Snorky.Class(Shape, { area: function () { return 4; } });
      var Chessboard = class extends Square { get fields() { return 64; } };
      var board = new Chessboard(4);
    `);
    expect(
      await page.value('[board.sides, board.area(), board.fields]'),
    ).toEqual([4, 4, 64]);
    expect(await page.value('board instanceof Shape')).toBe(true);
  });

  it.each([
    ['Snorky.Class()', 'the body has to be an object, and is undefined.'],
    ['Snorky.Class(Person)', 'the body has to be an object, and is function.'],
    [
      'Snorky.Class(Snorky.RpcService, {})',
      'the superclass has to be a class, and is undefined.',
    ],
    [
      'Snorky.Class(Person, null, {})',
      'the mixin has to be a class or an object, and is null.',
    ],
    [
      'Snorky.Class({ constructor: 1 })',
      'the constructor has to be a function, and is number.',
    ],
  ])('says what is wrong with %s', async (expression, problem) => {
    await page.run(`
      var problem;
      try { ${expression}; } catch (error) { problem = error; }
    `);
    expect(await page.value('problem.name')).toBe('TypeError');
    expect(await page.value('problem.message')).toBe(
      `Snorky.Class: ${problem}`,
    );
  });

  it('adds RPC methods to one class only', async () => {
    await page.run(`
      var One = Snorky.Class(Snorky.RPCService, {});
      var Two = Snorky.Class(Snorky.RPCService, {});
      var Three = Snorky.Class(One, {});
      One.addRPCMethods(['sum']);
      Three.addRPCMethods(['log']);
      var problem;
      try { Three.addRPCMethods(['sum']); } catch (error) { problem = error; }
    `);
    expect(
      await page.value(`[One, Two, Three, Snorky.RPCService].map(function (of) {
        return [typeof of.prototype.sum, typeof of.prototype.log];
      })`),
    ).toEqual([
      ['function', 'undefined'],
      ['undefined', 'undefined'],
      ['function', 'function'],
      ['undefined', 'undefined'],
    ]);
    expect(await page.value('problem.message')).toContain('"sum" is a member');
  });

  describe.each([
    ...['Service', 'RPCService', 'PubSub', 'DataSync'],
    ...['Chat', 'Messaging', 'Cursors'],
  ])('for %s', (name) => {
    it('makes connectors whose own constructors call it', async () => {
      await page.run(`
        var order = [];
        var Own = Snorky.Class(Snorky.${name}, {
          constructor: function (name, snorky) {
            order.push('before');
            this.result = Snorky.${name}.call(this, name, snorky);
            order.push('after');
          },
          init: function () { order.push(this.packetReceived !== undefined); }
        });
        var services = connect({ own: Own, plain: Snorky.${name} });
      `);
      const names = (of: string): Promise<unknown> =>
        page.value(`Object.getOwnPropertyNames(${of}).sort()`);
      expect(await page.value('order')).toEqual(['before', true, 'after']);
      expect(await page.value('services.own.name')).toBe('own');
      expect(await page.value('services.own.result')).toBeUndefined();
      await page.run('delete services.own.result;');
      expect(await names('services.own')).toEqual(
        await names('services.plain'),
      );
      expect(
        await page.value(`services.own instanceof Snorky.${name} &&
          services.own.snorky === services.plain.snorky`),
      ).toBe(true);
    });

    it('makes a connector that is written without Snorky.Class', async () => {
      await page.run(`
        function Own() { Snorky.${name}.apply(this, arguments); }
        Own.prototype = Object.create(Snorky.${name}.prototype);
        var own = connect({ own: Own }).own;
      `);
      expect(
        await page.value(`[own.name, own instanceof Snorky.${name}]`),
      ).toEqual(['own', true]);
    });
  });

  it('sets the very connector up that calls its superclass', async () => {
    await page.run(`
      var Own = Snorky.Class(Snorky.PubSub, {
        constructor: function (name, snorky) {
          this.heard = 0;
          Snorky.PubSub.call(this, name, snorky);
        },
        init: function () {
          this.messageReceived.add(this.count, this);
        },
        count: function () {
          this.heard++;
        }
      });
      var own = connect({ own: Own }).own;
      own.notificationReceived.dispatch({
        type: 'message', channel: 'a', message: 'Hello'
      });
    `);
    expect(await page.value('own.heard')).toBe(1);
  });

  it('makes collections and signals whose own constructors call them', async () => {
    await page.run(`
      var Tasks = Snorky.Class(Snorky.DataSync.ArrayCollection, {
        constructor: function (array) {
          Snorky.DataSync.ArrayCollection.call(this, array, {
            transformItem: function (row) { return row.title; }
          });
        }
      });
      var titles = [];
      new Tasks(titles).insert({ title: 'Sleep' });

      var Log = Snorky.Class(Snorky.Signal, {
        constructor: function () { Snorky.Signal.call(this); this.count = 0; },
        dispatch: function (what) {
          this.count++;
          Snorky.Signal.prototype.dispatch.call(this, what);
        }
      });
      var log = Log(), logged = [];
      log.add(function (what) { logged.push(what); });
      log.dispatch('once');
    `);
    expect(await page.value('[titles, log.count, logged]')).toEqual([
      ['Sleep'],
      1,
      ['once'],
    ]);
  });

  it('makes collections of its own for the processor', async () => {
    await page.run(`
      var rows = { 1: { id: 1, text: 'a' }, 2: { id: 2, text: 'b' } };
      var Table = Snorky.Class(Snorky.DataSync.Collection, {
        constructor: function () { Snorky.DataSync.Collection.call(this); },
        insert: function (row) { rows[row.id] = row; },
        getIterator: function () { return new Keys(Object.keys(rows)); }
      });
      var Keys = Snorky.Class(Snorky.DataSync.Iterator, {
        constructor: function (keys) { this.keys = keys; },
        hasNext: function () { return this.keys.length > 0; },
        next: function () { return rows[this.key = this.keys.shift()]; },
        remove: function () { delete rows[this.key]; },
        update: function (row) { rows[this.key] = row; }
      });
      var processor = Snorky.DataSync.CollectionDeltaProcessor({ Row: Table() });
      [
        { type: 'insert', data: { id: 3, text: 'c' } },
        { type: 'update', oldData: { id: 2 }, newData: { id: 2, text: 'B' } },
        { type: 'delete', data: { id: 1 } }
      ].forEach(function (delta) {
        delta.model = 'Row';
        processor.processDelta(delta);
      });
    `);
    expect(await page.value('rows')).toEqual({
      2: { id: 2, text: 'B' },
      3: { id: 3, text: 'c' },
    });
  });

  it('makes errors that are still errors', async () => {
    await page.run(`
      var Refusal = Snorky.Class(Snorky.RpcError, {
        constructor: function (value) { Snorky.RpcError.call(this, value); }
      });
      var refusal = Refusal('Not authorized');
    `);
    expect(
      await page.value(`[
        refusal.message, refusal.value, refusal instanceof Error,
        refusal instanceof Snorky.RpcError, Object.keys(refusal).sort()
      ]`),
    ).toEqual([
      'Not authorized',
      'Not authorized',
      true,
      true,
      ['name', 'value'],
    ]);
  });
});
