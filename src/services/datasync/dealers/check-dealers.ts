import { setupError } from '../../../nest/setup/setup-errors.js';
import { Dealer } from './dealer.js';

/**
 * Refuses dealers that cannot serve together.
 *
 * @param owner The service that they belong to.
 * @throws SnorkySetupError
 */
export function checkDealers(
  dealers: readonly Dealer<never>[],
  service: string,
  owner: object,
): void {
  const names = new Set<string>();
  for (const dealer of dealers) {
    if (!((dealer as unknown) instanceof Dealer)) {
      throw setupError('SNORKY_DEALER_INVALID', service);
    }
    if (!dealer.model) {
      throw setupError('SNORKY_DEALER_MODEL', dealer.name || 'A dealer');
    }
    if (!dealer.name) throw setupError('SNORKY_DEALER_UNNAMED', service);
    if (names.has(dealer.name)) {
      throw setupError('SNORKY_DEALER_NAME', dealer.name, service);
    }
    if (!dealer.attach(owner)) {
      throw setupError('SNORKY_DEALER_SHARED', dealer.name, service);
    }
    names.add(dealer.name);
  }
}
