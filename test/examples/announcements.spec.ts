import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { runCurlLine } from '../docs/curl.js';
import { ROOT, temporaryDirectory } from '../package/build-package.js';
import { TestSocket } from '../support/sockets/socket.js';
import { buildExamples, ExampleProcess } from './example-process.js';
import { freePorts } from './ports.js';

// Processes take a second or two to start.
jest.setTimeout(30_000);

describe('The announcements', () => {
  let directory: string;
  let main: string;
  let running: ExampleProcess;

  function start(
    [port, backend]: readonly [number, number],
    environment: NodeJS.ProcessEnv = {},
  ): ExampleProcess {
    return new ExampleProcess(main, port, backend, {
      DATA_FILE: join(directory, `data-${port}`, 'todo.sqlite'),
      ...environment,
    });
  }

  /** The line that the page shows to a reader. */
  async function curlLine({ http }: ExampleProcess): Promise<string> {
    const page = await fetch(`${http}/announcements`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    return /<pre id="curl">\s*([^<]*)</.exec(html)?.[1]?.trim() ?? '';
  }

  beforeAll(async () => {
    directory = await temporaryDirectory('announcements');
    main = await buildExamples(directory);
    running = await start(await freePorts()).started();
  }, 60_000);

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(['the page', 'the README'])(
    'announces by the curl line of %s',
    async (place) => {
      await using visitor = await TestSocket.connect(
        running.ws,
        // As from a browser: the page's own origin.
        { headers: { origin: running.http } },
      );
      await visitor.call('pubsub', 'subscribe', { channel: 'announcements' });
      const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
      const line =
        place === 'the page'
          ? await curlLine(running)
          : (/^curl .*$/m.exec(readme)?.[0] ?? '').replace(
              '5801',
              String(running.backend),
            );
      const key = { BACKEND_KEY: 'swordfish' };
      expect(JSON.parse(await runCurlLine(line, key))).toMatchObject({
        message: { data: null },
      });
      expect(await visitor.next()).toEqual({
        service: 'pubsub',
        message: {
          type: 'message',
          channel: 'announcements',
          message: 'Hello, everybody!',
        },
      });
    },
  );

  it('shows one line, in the page and in the README', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const line = await curlLine(running);
    expect(readme).toContain(
      line
        .replace(String(running.backend), '5801')
        .replace('$BACKEND_KEY', 'swordfish'),
    );
  });

  it('lets no visitor publish', async () => {
    await using visitor = await TestSocket.connect(running.ws);
    expect(
      await visitor.call('pubsub', 'publish', {
        channel: 'announcements',
        message: 'Me too',
      }),
    ).toMatchObject({ type: 'error', message: 'Not authorized' });
  });

  it('keeps every key off the page, and tells the usual one in the terminal', async () => {
    const page = await fetch(`${running.http}/announcements`);
    expect(await page.text()).not.toContain('swordfish');
    expect(running.out).toContain('The key of its backend is swordfish\n');
    await using app = await start(await freePorts(), {
      BACKEND_KEY: 'a secret',
    }).started();
    expect(app.out).toContain('The key of its backend is that of BACKEND_KEY');
    expect(app.out).not.toContain('a secret');
    const line = await curlLine(app);
    expect(line).toContain('"X-Backend-Key: $BACKEND_KEY"');
    const printed = await runCurlLine(line, { BACKEND_KEY: 'a secret' });
    expect(JSON.parse(printed)).toMatchObject({ message: { data: null } });
  });

  it('invites a phone only where one gets in', async () => {
    const invitation = async ({ http }: ExampleProcess): Promise<unknown> =>
      (await fetch(`${http}/invitation`)).json();
    expect(await invitation(running)).toEqual({ url: null, code: null });
    await using app = await start(await freePorts(), {
      HOST: '0.0.0.0',
    }).started();
    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    if (address === undefined) {
      // A machine without a network has no other devices.
      expect(await invitation(app)).toEqual({ url: null, code: null });
      return;
    }
    const url = `http://${address}:${app.port}/`;
    expect(await invitation(app)).toEqual({
      url,
      code: expect.stringMatching(/^<svg/),
    });
    expect(app.out).toContain(`Other devices find it on ${url.slice(0, -1)}\n`);
  });

  it.each([
    ['its port', 'PORT', 0],
    ["the backend's port", 'BACKEND_PORT', 1],
  ] as const)(
    'says in a sentence that %s is in use',
    async (_name, variable, taken) => {
      const ports = await freePorts();
      ports[taken] = taken === 0 ? running.port : running.backend;
      await using app = start(ports);
      expect(await app.ended).toEqual({ code: 1, signal: null });
      expect(app.out).toBe('');
      expect(app.err).toBe(
        `Port ${ports[taken]} is in use: stop what listens there, or set ${variable} to another one.\n`,
      );
    },
  );

  it.each([
    ['PORT', 'abc'],
    ['BACKEND_PORT', '65536'],
  ])('says in a sentence that %s cannot be %s', async (variable, value) => {
    await using app = start(await freePorts(), { [variable]: value });
    expect(await app.ended).toEqual({ code: 1, signal: null });
    expect(app.out).toBe('');
    expect(app.err).toBe(
      `${variable} must be a number from 1 to 65535, not "${value}".\n`,
    );
  });
});
