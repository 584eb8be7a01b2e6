/**
 * A page that loses its connection, and is up to date again after it comes
 * back.
 */
import { Page } from './page.js';
import { textOf } from './rows.js';

/** The questions that the process answers, in this order. */
export type OfflineQuestion =
  /** Opens another page, and answers when its rows are live. */
  | { readonly type: 'open'; readonly line: number; readonly port: number }
  /** Answers when the page has noticed that the connection has gone. */
  | { readonly type: 'lost' }
  /** Sets the rows that the page is to have. Answers at once. */
  | { readonly type: 'expect'; readonly rows: string }
  /** Answers `Returned` when the page is connected and its rows live. */
  | { readonly type: 'return' };

export interface Returned {
  /** Milliseconds from `connected` until the rows were live. */
  readonly took: number;
  /** Whether the rows were those of the server then. */
  readonly equal: boolean;
}

let page: Page | undefined;
let returned: Promise<Returned> | undefined;

async function act(question: OfflineQuestion): Promise<object | undefined> {
  if (question.type === 'open') {
    page?.close();
    page = new Page(question.line, question.port);
    await page.rows.ready;
    return {};
  }
  if (question.type === 'return') return returned;
  if (page === undefined) throw new Error('no page is open');
  if (question.type === 'lost') await lost(page);
  else returned = back(page, question.rows);
  return {};
}

function lost({ snorky }: Page): Promise<void> {
  return new Promise((resolve) => {
    if (!snorky.isConnected) resolve();
    else snorky.disconnected.addOnce(() => resolve());
  });
}

function back({ snorky, rows }: Page, expected: string): Promise<Returned> {
  return new Promise((resolve) => {
    let start: number | undefined;
    snorky.connected.addOnce(() => (start = performance.now()));
    rows.changed.add(() => {
      if (start === undefined || rows.state !== 'live') return;
      const took = performance.now() - start;
      resolve({ took, equal: textOf(rows.items) === expected });
    });
  });
}

process.on('message', (question: OfflineQuestion) => {
  void act(question).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));
