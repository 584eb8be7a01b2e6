/**
 * Takes the orders of the parent process, one after the other, and sends it
 * answers.
 */

const waiting = [];
let wake = () => {};

process.on('message', (order) => {
  waiting.push(order);
  wake();
});
process.on('disconnect', () => process.exit());

/** The next order. It stays the next one until it is taken. */
export async function nextOrder() {
  while (waiting.length === 0) {
    await new Promise((resolve) => {
      wake = resolve;
    });
  }
  return waiting[0];
}

export async function takeOrder() {
  const order = await nextOrder();
  waiting.shift();
  return order;
}

export function tell(message) {
  process.send({ ...message, memory: process.memoryUsage.rss() });
}
