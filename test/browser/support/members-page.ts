/**
 * A page with a live list. It notes each state that the list is in, and what
 * the connection says of identities.
 */
export const PAGE = `<!doctype html>
<title>Notes</title>
<link rel="icon" href="data:,">
<script src="/snorky.js"></script>
<script>
  // Soon: if something goes in a circle, it goes round often.
  const soon = { minDelay: 1, maxDelay: 1 };
  const snorky = new Snorky(
    WebSocket,
    location.origin.replace('http', 'ws') + '/ws',
    { datasync: Snorky.DataSync, account: Snorky.RPCService },
    { reconnect: soon },
  );
  const states = [];
  let list;
  function follow() {
    list = Snorky.liveCollection(snorky.services.datasync, '/notes', {
      model: 'Note',
      compare: (a, b) => a.id - b.id,
      refetch: soon,
    });
    states.push(list.state);
    list.changed.add(() => {
      if (states.at(-1) !== list.state) states.push(list.state);
    });
  }
  const shown = () => list.state + ' ' + list.items.map(({ id }) => id);
  async function post(path, body = {}) {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(path + ': ' + response.status);
  }
  const whoAmI = () => snorky.services.account.rpcCall('whoAmI');
  /**
   * Makes as many requests as a list would that fetches again and again without
   * end.
   */
  async function goRound() {
    for (let time = 0; time < 20; time++) {
      await fetch('/');
      await whoAmI();
    }
  }
  async function beginWorker() {
    const { serviceWorker } = navigator;
    const controls = new Promise((resolve) => {
      serviceWorker.addEventListener('controllerchange', resolve);
    });
    await serviceWorker.register('/worker.js');
    await controls;
  }
  async function endWorker() {
    const workers = await navigator.serviceWorker.getRegistrations();
    await Promise.all(workers.map((worker) => worker.unregister()));
  }
</script>`;

/**
 * A worker as many sites have one: what was answered once is answered from its
 * cache. No header of the server's keeps it from that.
 */
export const WORKER = `
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('fetch', (event) => {
    if (new URL(event.request.url).pathname !== '/notes') return;
    event.respondWith(answer(event.request));
  });
  async function answer(request) {
    const cache = await caches.open('notes');
    const cached = await cache.match(request);
    if (cached) return cached;
    const response = await fetch(request);
    await cache.put(request, response.clone());
    return response;
  }`;
