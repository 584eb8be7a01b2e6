/**
 * What tests ask pages of the to-do app; loaded before the page's own scripts.
 */
globalThis.inPage = {
  /** When something was last submitted. */
  submitted: 0,

  /** How many requests of the page have not been dealt with. */
  underway: 0,

  /** How often something was changed while the page was not live. */
  late: 0,

  /** The tasks that can be seen: titles, and whether they are done. */
  tasks() {
    return [...document.querySelectorAll('#tasks > li')].map((row) => [
      row.querySelector('.title').textContent,
      row.querySelector('.check').checked,
    ]);
  },

  /**
   * Does one thing to some task that can be seen, both chosen by numbers from
   * 0 to below 1. Choosing and doing it is one step: nothing comes in between.
   */
  change(what, which, text) {
    const rows = document.querySelectorAll('#tasks > li:not(.deleting)');
    const row = rows[Math.floor(which * rows.length)];
    if (row === undefined) return;
    const editor = row.querySelector('.editor');
    if (!editor.hidden) {
      press(editor, 'Escape');
    } else if (what === 'toggle') {
      row.querySelector('.check').click();
    } else if (what === 'delete') {
      row.querySelector('.delete').click();
    } else if (what === 'edit') {
      row.querySelector('.edit').click();
      editor.value = text;
      press(editor, 'Enter');
    }
  },

  /** Gives up all editing. */
  cancel() {
    for (const editor of document.querySelectorAll('.editor:not([hidden])')) {
      press(editor, 'Escape');
    }
  },

  /** Gives the time when the page has a task of the title. */
  appearance(title) {
    return new Promise((resolve) => {
      const look = () => {
        if (!inPage.tasks().some(([shown]) => shown === title)) return;
        observer.disconnect();
        resolve(now());
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, {
        childList: true,
        characterData: true,
        subtree: true,
      });
      look();
    });
  },
};

const { fetch } = globalThis;
globalThis.fetch = async (...request) => {
  inPage.underway++;
  try {
    return await fetch(...request);
  } finally {
    // The page goes on first: it may send what had to wait for the answer.
    setTimeout(() => inPage.underway--, 100);
  }
};

addEventListener('written', () => {
  if (document.body.dataset.state !== 'live') inPage.late++;
});
addEventListener('submit', () => (inPage.submitted = now()), true);

function press(element, key) {
  element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}

/** Milliseconds that can be compared between windows. */
function now() {
  return performance.timeOrigin + performance.now();
}
