import type { ClassRules } from '../../../core/json/class-rules.js';
import type { Dealer } from '../dealers/dealer.js';
import {
  modelSettings,
  type ModelSettings,
  type ModelsOptions,
} from './model-options.js';
import { Model } from './model.js';
import { nearestName } from './nearest-name.js';

/**
 * The models that an application declares.
 *
 * @throws TypeError for options without effect: they are written to keep data
 *   in.
 */
export function declaredModels(
  options: ModelsOptions,
  dealers: readonly Dealer<never>[],
  rules: ClassRules | undefined,
): ReadonlyMap<string, ModelSettings> {
  const declared = modelSettings(options);
  const names = [...new Set(dealers.map(({ model }) => model))];
  for (const [name, settings] of declared) {
    if (!names.includes(name)) throw new TypeError(withoutDealer(name, names));
    if (settings.type !== undefined && rules === undefined) {
      throw new TypeError(
        `"models.${name}.type" has rows leave by class-transformer's rules, and it is not installed. Run: npm install class-transformer`,
      );
    }
    const model = new Model(name, [], settings, rules);
    const hidden = model.hiddenOf(settings.key);
    if (hidden !== undefined) {
      throw new TypeError(
        `"models.${name}.key" has "${hidden}", which the rules of ${settings.type?.name ?? 'its class'} leave out: no page could tell rows apart. Name it as pages see it.`,
      );
    }
  }
  return declared;
}

function withoutDealer(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  const hint =
    nearest === undefined
      ? `They are for: ${names.join(', ') || 'none'}.`
      : `Did you mean "${nearest}"?`;
  return `"models" has "${name}", for which there is no dealer. ${hint}`;
}
