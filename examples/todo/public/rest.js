const PATIENCE = 15_000;

/**
 * The server refused a change, or could not be reached. The message says so.
 */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** A task to add. It has an id, so that sending it again adds nothing. */
export function newTask(title) {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
  return { title, requestId: digits.join('') };
}

export function addTask(task) {
  return send('POST', '/tasks', task);
}

/**
 * Whether nothing was changed. Otherwise the change may be on its way, or done.
 */
export function isRefused({ status }) {
  return status >= 400 && status < 500;
}

/**
 * Whether the server may not have heard of the change. It has, once it is back.
 */
export function isUnheard({ status }) {
  return status === undefined;
}

/** Sends a change. Gives the answer, or throws a Refusal. */
export async function send(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    // After these answers, the list may have to be fetched.
    if (response.ok || response.status === 404) {
      dispatchEvent(new Event('written'));
    }
    if (response.status === 204) return undefined;
    const answer = await response.json();
    if (response.ok) return answer;
    throw new Refusal(sentence(answer.message), response.status);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(reasonOf(error, response), response?.status);
  }
}

function reasonOf(error, response) {
  if (error.name === 'TimeoutError') {
    return 'The server did not answer in time.';
  }
  if (response !== undefined) return `The server answered ${response.status}.`;
  return navigator.onLine
    ? 'The server cannot be reached.'
    : 'This device is offline.';
}

/** Nest answers with a list of what is wrong with a body. */
function sentence(message) {
  const text = String(Array.isArray(message) ? message[0] : message);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
