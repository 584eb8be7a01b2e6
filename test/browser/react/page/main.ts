import { createElement, Fragment, StrictMode, version } from 'react';
import { createRoot } from 'react-dom/client';
import {
  DeferredLengths,
  drawUntil,
  Lengths,
  UnknownLengths,
} from './concurrency.js';
import { Connection } from './connection.js';
import { countListeners, task, tasks } from './live.js';
import { log, peekLog, takeLog } from './log.js';
import { News } from './news.js';
import { Item, List, OwnList } from './rows.js';

const PARTS = {
  Connection,
  DeferredLengths,
  Item,
  Lengths,
  List,
  News,
  OwnList,
  UnknownLengths,
};

const container = document.querySelector('main')!;
let root = createRoot(container);

/** What somebody can see who looks after each commit. */
let shown = '';
new MutationObserver(() => {
  const outputs = [...container.querySelectorAll('output')];
  const now = outputs.map(({ textContent }) => textContent).join(' | ');
  if (now !== shown) log(`shown: ${now}`);
  shown = now;
}).observe(container, {
  subtree: true,
  childList: true,
  characterData: true,
});

/** What tests do on this page. */
const page = {
  version: () => version,
  task,
  tasks,
  peekLog,
  takeLog,
  countListeners,
  drawUntil,

  show(...names: (keyof typeof PARTS)[]): void {
    this.showIn(Fragment, names);
  },

  showStrictly(...names: (keyof typeof PARTS)[]): void {
    this.showIn(StrictMode, names);
  },

  showIn(
    around: typeof Fragment,
    names: readonly (keyof typeof PARTS)[],
  ): void {
    root.render(
      createElement(
        around,
        null,
        names.map((name, key) => createElement(PARTS[name], { key })),
      ),
    );
  },

  hide(): void {
    root.unmount();
    root = createRoot(container);
  },
};

Object.assign(globalThis, { page });
