import { addTask, isRefused, isUnheard, newTask } from './rest.js';

const $ = (id) => document.getElementById(id);

/** The field for new tasks. No text that was typed there is lost. */
export class NewTaskField {
  #field = $('new-title');
  #button = $('add');
  #problem = $('new-problem');
  #tasks;
  #adding = Promise.resolve(); // in the order in which they were typed
  #underway = 0;
  #failures = []; // each with its task; the last one is the youngest
  #restored; // that of the failures whose task is in the field again

  /** @param tasks The tasks that are known. */
  constructor(tasks) {
    this.#tasks = tasks;
    $('new').onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    tasks.changed.add(() => this.#compare());
    addEventListener('return', () => this.#retry());
  }

  #submit() {
    const title = this.#field.value.trim();
    if (title === '') return;
    // Emptied at once: another Enter would add the task again.
    this.#field.value = '';
    const same = this.#failures.find(({ task }) => task.title === title);
    this.#drop(same, this.#restored);
    this.#add(same?.task ?? newTask(title));
  }

  #add(task) {
    this.#underway++;
    this.#adding = this.#adding.then(async () => {
      try {
        await addTask(task);
      } catch (error) {
        if (!this.#isListed(task)) this.#keep({ task, error });
      }
      this.#underway--;
      this.#show();
    });
    this.#show();
  }

  /** Puts the task back into the field, unless somebody has typed on. */
  #keep(failure) {
    this.#failures.push(failure);
    if (this.#field.value !== '') return;
    this.#restored = failure;
    this.#field.value = failure.task.title;
  }

  #drop(...failures) {
    this.#failures = this.#failures.filter((one) => !failures.includes(one));
    if (failures.includes(this.#restored)) this.#restored = undefined;
  }

  /** A task that is in the list has been added, though no answer arrived. */
  #compare() {
    const added = this.#failures.filter(({ task }) => this.#isListed(task));
    if (added.length === 0) return;
    if (
      added.includes(this.#restored) &&
      this.#field.value === this.#restored.task.title
    ) {
      this.#field.value = '';
    }
    this.#drop(...added);
    this.#show();
  }

  /** The server is back. Sending a task again does not add it twice. */
  #retry() {
    const unheard = this.#failures.filter(({ error }) => isUnheard(error));
    if (unheard.length === 0) return;
    const typed = this.#field.value;
    const restored = this.#restored;
    // The task in the field is the visitor's to send, or to change.
    const kept = unheard.includes(restored) && typed !== restored.task.title;
    this.#drop(...unheard);
    for (const one of unheard) {
      if (one === restored && kept) continue;
      if (one === restored) this.#field.value = '';
      this.#add(one.task);
    }
    this.#show();
  }

  #isListed({ requestId }) {
    return this.#tasks.items.some((task) => task.requestId === requestId);
  }

  #show() {
    this.#button.setAttribute('aria-busy', String(this.#underway > 0));
    this.#problem.textContent = this.#explain();
    const others = this.#failures.filter((one) => one !== this.#restored);
    if (others.length === 0) return;
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'plain';
    again.textContent = 'Try again';
    again.onclick = () => {
      this.#drop(...others);
      for (const { task } of others) this.#add(task);
    };
    this.#problem.append(again);
  }

  #explain() {
    const last = this.#failures.at(-1);
    if (last === undefined) return '';
    const names = this.#failures.map(({ task }) => `“${task.title}”`);
    const what = `added: ${names.join(', ')}. ${last.error.message} `;
    if (this.#failures.every(({ error }) => isRefused(error))) {
      return `Not ${what}`;
    }
    return `Perhaps not ${what}Trying again adds nothing twice. `;
  }
}
