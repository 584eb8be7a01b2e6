import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startLiveApp } from '../client/support/live-app.js';
import {
  buildBrowserFiles,
  temporaryDirectory,
} from '../package/build-package.js';
import { startSite } from './support/site.js';
import { START } from './support/stage.js';
import { TestBrowser, type TestWindow } from './support/test-browser.js';

jest.setTimeout(60_000);

/** A page without modules, as it would have been written in 2014. */
const page = (file: string, server: string): string => `
  <title>Another origin</title>
  <ol></ol>
  <script src="/${file}"></script>
  <script>
    var snorky = new window.Snorky(WebSocket, '${server.replace('http', 'ws')}/ws', {
      datasync: Snorky.DataSync
    });
    var tasks = Snorky.liveCollection(snorky.services.datasync, '${server}/tasks', {
      model: 'Task'
    });
    tasks.changed.add(function () {
      document.body.className = tasks.state;
      document.querySelector('ol').replaceChildren.apply(
        document.querySelector('ol'),
        tasks.items.map(function (task) {
          var item = document.createElement('li');
          item.textContent = task.title;
          return item;
        })
      );
    });
  </script>`;

describe('A page of another origin', () => {
  let directory: string;
  let browser: TestBrowser;

  beforeAll(async () => {
    directory = await temporaryDirectory('origin');
    browser = await TestBrowser.launch();
    await buildBrowserFiles(directory);
  }, START);
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  function shows(window: TestWindow, ...titles: string[]): Promise<void> {
    const items = "[...document.querySelectorAll('li')]";
    const shown = `JSON.stringify(${items}.map((item) => item.textContent))`;
    return window.until(
      `${shown} === ${JSON.stringify(JSON.stringify(titles))}`,
    );
  }

  it.each(['snorky.js', 'snorky.min.js'])(
    'follows rows by the script %s',
    async (file) => {
      await using app = await startLiveApp();
      await using site = await startSite(
        page(file, app.http),
        join(directory, 'dist/browser'),
      );
      app.tasks.put({ id: 1, title: 'one' });
      await using window = await browser.open(site.http);
      await shows(window, 'one');
      await window.until("document.body.className === 'live'");
      app.tasks.put({ id: 2, title: 'two' }, { id: 1, title: '1' });
      await shows(window, '1', 'two');
      app.tasks.remove(1);
      await shows(window, 'two');
      // The token's header could be read: there was no second attempt.
      expect(app.tasks.fetched).toBe(1);
      expect(window.problems).toEqual([]);
    },
  );
});
