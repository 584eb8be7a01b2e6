/**
 * Loads the spec file, and runs its tests as often as ordered, each time with
 * another mutant. A mutant that is reached while modules load needs another
 * load.
 */
import { Circus } from './circus.js';
import { nextOrder, takeOrder, tell } from './orders.js';

export default async function load(
  globalConfig,
  config,
  environment,
  runtime,
  testPath,
) {
  const { mutant } = await takeOrder();
  const mutation = {
    activeMutant: mutant,
    mutantCoverage: { static: {}, perTest: {} },
  };
  environment.global['__stryker__'] = mutation;
  const circus = new Circus(mutation);
  await circus.begin(runtime, environment, { globalConfig, config, testPath });
  try {
    await runtime.unstable_importModule(testPath);
  } catch (error) {
    tell({ type: 'unloadable', error: String(error?.stack ?? error) });
    return circus.end();
  }
  tell({ type: 'loaded', ...circus.loaded() });
  for (;;) {
    const order = await nextOrder();
    if (order.type === 'load') return circus.end();
    await takeOrder();
    const ran = await circus.run(order);
    if (order.toTheEnd) ran.reached = circus.reached;
    tell({ type: 'ran', ...ran });
  }
}
