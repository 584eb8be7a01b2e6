import type { TodoApp } from './todo-app.js';

/** Changes tasks in every way that there is, many at a time. */
export async function changeAtRandom(
  app: TodoApp,
  count: number,
): Promise<void> {
  const seed = Date.now() & 0xffff;
  console.log(`Changes by the seed ${seed}`);
  const random = randomBy(seed);
  const ids = [(await app.add('First')).id];
  const pick = (): string => `/tasks/${ids[random(ids.length)]}`;
  const changes: (() => Promise<unknown>)[] = [
    async () => ids.push((await app.add(`Task ${random(100)}`)).id),
    async () => ids.push((await app.add('Done', true)).id),
    () => app.send('PATCH', pick(), { title: `Title ${random(100)}` }),
    () => app.send('PATCH', pick(), { completed: random(2) === 0 }),
    () => app.send('DELETE', pick()),
    () => app.send('PATCH', '/tasks', { completed: random(2) === 0 }),
    () => app.send('DELETE', '/tasks?completed=true'),
  ];
  let left = count;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) {
        // Adding is as frequent as all the rest.
        const change = changes[Math.max(0, random(13) - 6)];
        await change?.();
      }
    }),
  );
  await app.add('Last');
}

/** Numbers from 0 to below the limit, the same for the same seed. */
function randomBy(seed: number): (limit: number) => number {
  let state = seed + 1;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}
