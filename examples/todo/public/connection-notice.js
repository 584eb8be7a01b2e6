const $ = (id) => document.getElementById(id);

const NAMES = {
  connecting: 'Connecting',
  live: 'Live',
  updating: 'Updating',
  offline: 'Not live',
  stopped: 'Stopped',
  failed: 'Not live',
};

/** Shows how current the page is, and what can be done about it. */
export class ConnectionNotice {
  #snorky;
  #tasks;
  #closing; // how the connection ended, when it last did
  #asOf; // when the tasks were last current, while they need not be
  #returned = false; // whether that it is live has been told

  constructor(snorky, tasks) {
    this.#snorky = snorky;
    this.#tasks = tasks;
    snorky.stateChanged.add((_state, closing) => {
      if (closing !== undefined) this.#closing = closing;
      this.show();
    });
    tasks.changed.add(() => this.show());
    $('try-now').onclick = () => {
      if (snorky.state === 'connected') tasks.refresh();
      else snorky.connect();
    };
    setInterval(() => this.#showNext(), 500);
    this.show();
  }

  /** The tasks were fetched just now. */
  fetched() {
    this.#asOf = new Date();
  }

  show() {
    const state = this.#state;
    if (state === 'live') this.#asOf = undefined;
    else if (document.body.dataset.state === 'live') this.#asOf = new Date();
    document.body.dataset.state = state;
    setText($('state'), NAMES[state]);
    const text = this.#explain(state);
    setText($('notice-text'), text);
    // Not hidden: screen readers do not read a text that appears together with
    // its element.
    $('notice').classList.toggle('quiet', text === '');
    $('try-now').hidden = text === '';
    this.#showNext();
    if (state === 'live' && !this.#returned) dispatchEvent(new Event('return'));
    this.#returned = state === 'live';
  }

  get #state() {
    const { state } = this.#snorky;
    if (state === 'stopped') return 'stopped';
    if (state !== 'connected') {
      // An attempt in between does not change the text.
      return state === 'waiting' || this.#closing ? 'offline' : 'connecting';
    }
    if (this.#tasks.state === 'live') return 'live';
    if (this.#tasks.state === 'failed') return 'failed';
    return this.#tasks.state === 'loading' ? 'connecting' : 'updating';
  }

  #explain(state) {
    const asOf = this.#asOf
      ? ` You see the tasks as of ${clock(this.#asOf)}.`
      : '';
    if (state === 'offline') {
      // Other requests may get through, as changes do.
      const what = navigator.onLine
        ? 'No live connection.'
        : 'This device is offline.';
      return `${what}${asOf}`;
    }
    if (state === 'stopped') {
      const reason = this.#closing?.reason ? `: ${this.#closing.reason}` : '';
      return `The server closed the connection${reason}.${asOf}`;
    }
    if (state === 'failed') {
      const reason = this.#tasks.error?.message ?? 'The server refused.';
      return `The tasks could not be fetched: ${reason}${asOf}`;
    }
    return '';
  }

  /**
   * Separate from the text: otherwise screen readers would count the seconds
   * down.
   */
  #showNext() {
    if (document.body.dataset.state === 'live') {
      setText($('notice-next'), '');
      return;
    }
    const { state, retryAt } = this.#snorky;
    let next = '';
    if (state === 'connecting') next = 'Trying again now.';
    else if (state === 'waiting' && retryAt !== undefined) {
      const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
      next = `Trying again in ${seconds}\u00a0s.`;
    }
    setText($('notice-next'), next);
  }
}

/** Does nothing if the text is the same: it would be read out again. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function clock(date) {
  const time = { hour: 'numeric', minute: '2-digit' };
  // Some languages put a zero before the hour even so.
  return date.toLocaleTimeString([], time).replace(/^0(?=\d)/, '');
}
