import { addTask, isRefused, isUnheard, newTask, send } from './rest.js';

const template = document.getElementById('task');

/**
 * One task on the page: its known state, and the changes that are under way.
 */
export class TaskRow {
  element = template.content.firstElementChild.cloneNode(true);
  #check = this.#find('.check');
  #title = this.#find('.title');
  #edit = this.#find('.edit');
  #delete = this.#find('.delete');
  #editor = this.#find('.editor');
  #note = this.#find('.note');
  #problem = this.#find('.problem');

  #task; // as DataSync brought it
  #answer; // as the server answered
  #wanted; // what the box says, while it is not saved
  #last = Promise.resolve(); // what was asked for last, done or not
  #toggling = false;
  #saving = false;
  #deleting = false;
  #gone = false;
  #before; // the title when editing began, while it goes on
  #copy; // to add, if the task is gone
  #unheard = false; // whether the problem is that the server was away
  #ended;

  /** @param ended Called when a row that was kept for its editing may go. */
  constructor(task, ended) {
    this.#task = task;
    this.#ended = ended;
    this.#check.onchange = () => this.#toggle();
    this.#title.ondblclick = () => this.#startEditing();
    this.#edit.onclick = () => this.#startEditing();
    this.#delete.onclick = () => this.#remove();
    this.#editor.onblur = () => this.#save();
    this.#editor.onkeydown = (event) => {
      // In some languages, Enter and Escape also end the choice of a character.
      if (event.isComposing) return;
      if (event.key === 'Enter') void this.#save(true);
      if (event.key === 'Escape') this.#stopEditing(true);
    };
    this.#show();
  }

  /** Whether the row has text that must not be lost. */
  get editing() {
    return this.#before !== undefined;
  }

  /**
   * Takes the task, perhaps changed; without one, the task has been deleted.
   */
  update(task) {
    if (task === this.#task && !this.#gone) return;
    this.#gone = task === undefined;
    if (!this.#gone) this.#task = task;
    this.#show();
  }

  /** All tasks were fetched, perhaps from a database that was set back. */
  forgetAnswer() {
    this.#answer = undefined;
  }

  /** The server is back: only what it says of the task counts now. */
  returned() {
    if (this.#unheard) this.#say('');
  }

  focus() {
    this.#delete.focus();
  }

  async #toggle() {
    this.#wanted = this.#check.checked;
    if (this.#toggling) return;
    this.#toggling = true;
    await this.#attempt('saved', async () => {
      let saved;
      do {
        saved = this.#wanted;
        this.#answer = await this.#patch({ completed: saved });
      } while (this.#wanted !== saved);
    });
    this.#toggling = false;
    this.#wanted = undefined;
    this.#show();
  }

  async #remove() {
    if (this.#deleting) return;
    this.#deleting = true;
    this.#show();
    const deleted = await this.#attempt('deleted', async () => {
      await send('DELETE', this.#url).catch(unlessMissing);
    });
    // The row goes when DataSync reports the delete.
    if (!deleted) this.#deleting = false;
    else if (this.editing) this.#stopEditing();
    this.#show();
  }

  #startEditing() {
    if (this.#deleting || this.editing) return;
    this.#before = this.#latest.title;
    this.#editor.value = this.#before;
    this.#say('');
    this.#show();
    this.#editor.focus();
    this.#editor.setSelectionRange(-1, -1);
  }

  /**
   * @param byKey Whether the keyboard was used: the focus then stays with the
   *   row.
   */
  #stopEditing(byKey = false) {
    if (this.#saving || !this.editing) return;
    this.#before = undefined;
    this.#say('');
    this.#show();
    if (byKey) this.#edit.focus();
    this.#ended();
  }

  async #save(byKey = false) {
    if (!this.editing || this.#saving) return;
    const title = this.#editor.value.trim();
    if (title === '' && !this.#gone) return this.#remove();
    if (title === '' || (title === this.#latest.title && !this.#gone)) {
      return this.#stopEditing(byKey);
    }
    this.#saving = true;
    this.#editor.readOnly = true;
    const saved = await this.#attempt('saved', async () => {
      if (this.#gone) await this.#addCopy(title);
      else this.#answer = await this.#patch({ title });
    });
    this.#saving = false;
    this.#editor.readOnly = false;
    if (saved) this.#stopEditing(byKey);
  }

  /** Makes a change that may be refused. A refusal is shown at the row. */
  #attempt(what, act) {
    this.#say('');
    // One at a time: otherwise the first change might arrive last.
    const attempt = this.#last.then(act).then(
      () => true,
      (error) => {
        const not = isRefused(error) ? 'Not' : 'Perhaps not';
        this.#say(`${not} ${what}. ${error.message}`);
        this.#unheard = isUnheard(error);
        return false;
      },
    );
    this.#last = attempt;
    return attempt;
  }

  #addCopy(title) {
    if (this.#copy?.title !== title) this.#copy = newTask(title);
    return addTask(this.#copy);
  }

  #patch(changes) {
    return send('PATCH', this.#url, changes);
  }

  get #url() {
    return `/tasks/${this.#task.id}`;
  }

  /**
   * An answer may arrive before DataSync brings the same change, or long after
   * it.
   */
  get #latest() {
    const answered = this.#answer?.version ?? 0;
    return answered > this.#task.version ? this.#answer : this.#task;
  }

  #show() {
    const { id, title, completed } = this.#latest;
    this.#check.checked = this.#wanted ?? completed;
    this.#title.textContent = title;
    this.#title.id = `title-${id}`;
    this.#check.setAttribute('aria-labelledby', this.#title.id);
    this.#edit.setAttribute('aria-label', `Edit “${title}”`);
    this.#delete.setAttribute('aria-label', `Delete “${title}”`);
    this.element.classList.toggle('completed', this.#check.checked);
    this.element.classList.toggle('editing', this.editing);
    this.element.classList.toggle('deleting', this.#deleting);
    // The text that is being typed is not touched.
    this.#editor.hidden = !this.editing;
    this.#note.textContent = this.#news(title);
    this.#note.hidden = this.#note.textContent === '';
  }

  /** Tells what happened to the task elsewhere while somebody types here. */
  #news(title) {
    if (!this.editing) return '';
    if (this.#gone) {
      return 'Deleted elsewhere. Enter adds it again, Escape lets it go.';
    }
    if (title === this.#before || this.#saving) return '';
    return `Elsewhere changed to “${title}”.`;
  }

  #say(problem) {
    this.#unheard = false;
    this.#problem.textContent = problem;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

/** A task that was to be deleted and does not exist is no problem. */
function unlessMissing(error) {
  if (error.status !== 404) throw error;
}
