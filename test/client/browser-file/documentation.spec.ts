import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
} from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSyncService, type Delta } from 'snorky';
import type { RunningApp } from '../../support/servers/app.js';
import { TestSocket } from '../../support/sockets/socket.js';
import {
  buildBrowserFiles,
  temporaryDirectory,
} from '../../package/build-package.js';
import { browserFile, closeBrowser, EVERYWHERE, type Page } from './page.js';
import { authorize, startServer } from './server.js';

let directory: string;

beforeAll(async () => {
  directory = await temporaryDirectory('browser-file');
  await buildBrowserFiles(directory);
}, 120_000);
afterAll(async () => {
  await closeBrowser();
  await rm(directory, { recursive: true, force: true });
});

const OLD_ADDRESS = 'ws://localhost:8001/ws';

describe.each(EVERYWHERE)(
  'The documented examples with $file in $where',
  ({ file, place }) => {
    let server: RunningApp;
    let page: Page;

    /** Runs an example as it is printed, on this server. */
    async function run(example: string): Promise<void> {
      const path = join(import.meta.dirname, 'documentation', example);
      const script = await readFile(`${path}.js.txt`, 'utf8');
      await page.run(script.replace(OLD_ADDRESS, `${server.ws}/ws`));
    }

    /** Waits for the next thing that a script hands to `tell`. */
    function told(): Promise<unknown> {
      return page.value('listen()');
    }

    beforeEach(async () => {
      server = await startServer();
      page = await place.open(browserFile(directory, file));
      // What examples print is kept until it is asked for.
      await page.run(`
        var arrived = [], waiting = [];
        function tell(value) {
          if (waiting.length) waiting.shift()(value);
          else arrived.push(value);
        }
        function listen() {
          return arrived.length ? Promise.resolve(arrived.shift())
            : new Promise(function (resolve) { waiting.push(resolve); });
        }
        var printed = console, console = { log: tell, error: tell };
      `);
    }, 30_000);

    afterEach(async () => {
      await page.run('snorky.disconnect();');
      await page[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    it('connect, subscribe and print what is published', async () => {
      await run('connector');
      await run('connection');
      await run('subscription');
      await run('publications');
      expect(await told()).toBe('Subscribed!');

      await using other = await TestSocket.connect(`${server.ws}/ws`);
      await other.call('pubsub', 'publish', { message: 'Hello' });
      expect(await told()).toBe('Hello');
      await page.run('snorky.services.pubsub.publish({ message: "World" });');
      expect(await told()).toBe('World');
    });

    it('stop printing when they unsubscribe', async () => {
      await run('connector');
      await run('connection');
      await run('subscription');
      await run('publications');
      expect(await told()).toBe('Subscribed!');
      await page.value('snorky.services.pubsub.unsubscribe()');
      await page.value('snorky.services.pubsub.publish({ message: "gone" })');
      await page.value('snorky.services.pubsub.subscribe()');
      await page.value('snorky.services.pubsub.publish({ message: "here" })');
      expect(await told()).toBe('here');
    });

    it('hear of changes', async () => {
      await run('datasync');
      await run('deltas');
      await page.run('snorky.services.datasync.deltaReceived.add(tell);');
      await acquire();
      const delta: Delta = {
        model: 'Comment',
        type: 'insert',
        data: { id: 1 },
      };
      await publish(delta);
      expect(await told()).toMatchObject(delta);
    });

    it('keep an array as the database is', async () => {
      await page.run('var comments = [{ id: 1, text: "a" }];');
      await run('datasync');
      await run('collection');
      await page.run('snorky.services.datasync.deltaReceived.add(tell);');
      await acquire();
      const [one, two, three] = [
        { id: 1, text: 'a' },
        { id: 2, text: 'b' },
        { id: 2, text: 'c' },
      ];
      await publish({ model: 'Comment', type: 'insert', data: two });
      await publish({
        model: 'Comment',
        type: 'update',
        newData: three,
        oldData: two,
      });
      await publish({ model: 'Comment', type: 'delete', data: one });
      for (const type of ['insert', 'update', 'delete']) {
        expect(await told()).toMatchObject({ type });
      }
      expect(await page.value('comments')).toEqual([three]);
    });

    async function acquire(): Promise<void> {
      const token = JSON.stringify(await authorize(server));
      await page.value(
        `snorky.services.datasync.acquireSubscription({ token: ${token} })`,
      );
    }

    async function publish(delta: Delta): Promise<void> {
      const datasync = server.app.get(DataSyncService, { strict: false });
      await datasync.publishDeltas([delta]);
    }
  },
);
