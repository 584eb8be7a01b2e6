/**
 * Makes docs/images/todo.png: the to-do app in two windows. Run it by hand,
 * after `npm run build:apps`, whenever the page looks different.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureChromium } from './ensure-chromium.js';
import { smallerPng } from './smaller-png.js';

const ROOT = join(import.meta.dirname, '..');
const PICTURE = join(ROOT, 'docs/images/todo.png');
const SCALE = 1.5;
const HEIGHT = 690;

const TASKS = [
  ['Book the train', true],
  ['Ask Ana for slides', false],
  ['Water the plants', true],
  ['Send the invoice', false],
  ['Buy oat milk', false],
];

const WINDOWS = [
  { width: 680, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark', hasTouch: true, isMobile: true },
];

const directory = await mkdtemp(join(tmpdir(), 'snorky-picture-'));
const [port, backend] = await freePorts();
const server = spawn(
  process.execPath,
  [join(ROOT, '.build/examples/todo/main.js')],
  {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      BACKEND_PORT: String(backend),
      DATA_FILE: join(directory, 'todo.sqlite'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const ended = once(server, 'exit');
let browser;
try {
  const started = await Promise.race([
    once(server.stdout, 'data'),
    ended.then(() => undefined),
  ]);
  if (started === undefined) {
    throw new Error('The app has not started. npm run build:apps compiles it.');
  }
  const http = `http://localhost:${port}`;
  for (const [title, completed] of TASKS) await add(http, { title, completed });
  browser = await chromium.launch({
    executablePath: ensureChromium(),
    chromiumSandbox: process.getuid?.() !== 0,
  });
  await compose(
    await Promise.all(WINDOWS.map((window) => shoot(http, window))),
  );
} finally {
  await browser?.close();
  server.kill();
  await ended;
  await rm(directory, { recursive: true });
}

async function add(http, task) {
  const response = await fetch(`${http}/tasks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(task),
  });
  if (!response.ok) throw new Error(`No task: ${await response.text()}`);
}

/** A picture of a window, as a data URL. */
async function shoot(http, { width, ...options }) {
  const page = await browser.newPage({
    viewport: { width, height: HEIGHT },
    deviceScaleFactor: SCALE,
    ...options,
  });
  await page.goto(http);
  await page.getByText(TASKS.at(-1)[0]).waitFor();
  await page.waitForFunction("document.body.dataset.state === 'live'");
  // The same on all machines, whatever font the system has.
  await page.addStyleTag({ content: 'body { font-family: Liberation Sans }' });
  const picture = await page.screenshot();
  return `data:image/png;base64,${picture.toString('base64')}`;
}

/** Joins the pictures of windows side by side. */
async function compose(pictures) {
  const page = await browser.newPage({ deviceScaleFactor: SCALE });
  const images = pictures.map(
    (picture, at) => `<img src="${picture}" width="${WINDOWS[at].width}">`,
  );
  await page.setContent(`<!doctype html>
    <style>
      body { display: inline-flex; gap: 20px; margin: 0; }
      img { display: block; border-radius: 12px; outline: 1px solid #8886; outline-offset: -1px; }
    </style>
    <body>${images.join('')}</body>`);
  const picture = await page.locator('body').screenshot({
    omitBackground: true,
  });
  await writeFile(PICTURE, smallerPng(picture));
}

async function freePorts() {
  const servers = [createServer(), createServer()];
  const ports = [];
  for (const one of servers) {
    one.listen(0);
    await once(one, 'listening');
    ports.push(one.address().port);
  }
  for (const one of servers) {
    one.close();
    await once(one, 'close');
  }
  return ports;
}
