import { ConnectionNotice } from './connection-notice.js';
import { NewTaskField } from './new-task.js';
import { showInvitation } from './invitation.js';
import { isUnheard, send } from './rest.js';
import { TaskRow } from './task-row.js';

const $ = (id) => document.getElementById(id);

if (typeof Snorky === 'undefined') {
  $('empty').textContent = 'The connector /snorky.js did not load.';
  document.body.dataset.state = 'stopped';
  throw new Error('Snorky is missing: npm run build makes it.');
}

const snorky = new Snorky(
  WebSocket,
  `${location.origin.replace(/^http/, 'ws')}/ws`,
  { datasync: Snorky.DataSync },
);
const tasks = Snorky.liveCollection(snorky.services.datasync, '/tasks', {
  model: 'Task',
  compare: (a, b) => a.id - b.id,
  rows: (list) => {
    known = true;
    for (const row of rows.values()) row.forgetAnswer();
    notice.fetched();
    return list;
  },
});

// The list: what is known comes from DataSync alone

const filters = {
  '#/': { has: () => true, none: 'Nothing to do. Add a task above.' },
  '#/active': { has: (task) => !task.completed, none: 'Nothing left to do.' },
  '#/completed': { has: (task) => task.completed, none: 'Nothing done yet.' },
};
const rows = new Map(); // by the id of the task
let known = false;

function show() {
  const route = Object.hasOwn(filters, location.hash) ? location.hash : '#/';
  const filter = filters[route];
  const left = tasks.items.filter((task) => !task.completed).length;
  const total = tasks.items.length;

  showRows(tasks.items, filter.has);
  for (const link of document.querySelectorAll('.filters a')) {
    const current = link.getAttribute('href') === route;
    if (current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const part of ['tools', 'summary', 'hint']) $(part).hidden = total === 0;
  $('empty').hidden = $('tasks').childElementCount > 0;
  if (known && tasks.state !== 'failed') $('empty').textContent = filter.none;
  const count = left === 1 ? '1 item left' : `${left} items left`;
  if ($('left').textContent !== count) $('left').textContent = count;
  $('clear').hidden = left === total;
  if (!busy.has('toggle-all')) {
    $('toggle-all').checked = total > 0 && left === 0;
    $('toggle-all').indeterminate = left > 0 && left < total;
  }
  document.title = left === 0 ? 'To-do' : `(${left}) To-do`;
}

/**
 * Rows stay where they are, with their focus and the text that is typed in
 * them.
 */
function showRows(items, belongs) {
  const byId = new Map(items.map((task) => [task.id, task]));
  for (const [id, row] of rows) {
    const task = byId.get(id);
    row.update(task);
    if (row.editing || (task !== undefined && belongs(task))) continue;
    drop(id, row);
  }
  for (const task of items) {
    if (belongs(task) && !rows.has(task.id)) {
      rows.set(task.id, new TaskRow(task, show));
    }
  }
  const ids = [...rows.keys()].sort((a, b) => a - b);
  let place = $('tasks').firstElementChild;
  for (const id of ids) {
    const { element } = rows.get(id);
    if (element === place) place = place.nextElementSibling;
    else $('tasks').insertBefore(element, place);
  }
}

/** Moves the keyboard's focus on to the next task. */
function drop(id, row) {
  const { element } = row;
  const focused = element.contains(document.activeElement);
  const next = element.nextElementSibling ?? element.previousElementSibling;
  rows.delete(id);
  element.remove();
  if (!focused) return;
  const heir = [...rows.values()].find((other) => other.element === next);
  (heir ?? $('new-title')).focus();
}

// Changes go to the server, and say here if they did not get there

const busy = new Set();
const unheard = new Set(); // problems that end when the server is back

async function attempt(name, problem, act) {
  if (busy.has(name)) return;
  busy.add(name);
  $(name).setAttribute('aria-busy', 'true');
  say(problem, '');
  try {
    await act();
  } catch (error) {
    say(problem, error.message);
    if (isUnheard(error)) unheard.add(problem);
  } finally {
    busy.delete(name);
    $(name).removeAttribute('aria-busy');
    show();
  }
}

function say(problem, text) {
  unheard.delete(problem);
  $(problem).textContent = text;
}

$('toggle-all').onchange = () =>
  attempt('toggle-all', 'list-problem', () =>
    send('PATCH', '/tasks', { completed: $('toggle-all').checked }),
  );
$('clear').onclick = () =>
  attempt('clear', 'list-problem', () =>
    send('DELETE', '/tasks?completed=true'),
  );

addEventListener('hashchange', show);
addEventListener('return', () => {
  for (const problem of unheard) say(problem, '');
  for (const row of rows.values()) row.returned();
});
addEventListener('written', () => {
  // No delta brings it now.
  if (tasks.state !== 'live') tasks.refresh();
});
tasks.changed.add(show);
new NewTaskField(tasks);
void showInvitation();
const notice = new ConnectionNotice(snorky, tasks);
show();
