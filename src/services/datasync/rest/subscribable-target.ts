import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { frozenJson } from '../../../core/json/frozen-json.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { GatewayExplorer } from '../../../nest/gateway/gateway-explorer.js';
import { setupError } from '../../../nest/setup/setup-errors.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import {
  MAX_PART_FIELDS,
  tellsPart,
} from '../../../protocol/subscription-headers.js';
import { DataSyncService } from '../datasync.service.js';
import type { Dealer } from '../dealers/dealer.js';
import type {
  DealerReference,
  SubscribablePlan,
  SubscribableService,
} from './subscribable-plan.js';

const DEFAULT_SERVICE = 'datasync';

/**
 * Finds the DataSync service of a subscribable route, and checks everything
 * that is the same for all requests.
 *
 * @param who The route, for messages.
 * @throws SnorkySetupError
 */
export function subscribableTarget(
  modules: ModulesContainer,
  { fixed, options }: SubscribablePlan,
  who: string,
): DataSyncService {
  const service = findService(modules, options, who);
  if (fixed.dealer === undefined) return service;
  const dealer = findDealer(service, fixed.dealer, who);
  if (fixed.query !== undefined) checkQuery(service, dealer, fixed.query, who);
  return service;
}

/**
 * Checks the options of a route for its answers and tokens.
 *
 * @throws SnorkySetupError
 */
export function checkOptions(
  options: SubscribablePlan['options'],
  who: string,
): void {
  const ofPart = partProblem(options.partial, options.orderedBy);
  if (ofPart !== undefined) {
    throw setupError('SNORKY_SUBSCRIBABLE_PARTIAL', who, ofPart);
  }
  const ofToken = tokenProblem(options);
  if (ofToken !== undefined) {
    throw setupError('SNORKY_SUBSCRIBABLE_TOKEN', who, ofToken);
  }
}

function tokenProblem({
  bearer,
  expiresIn,
  expiresAt,
}: SubscribablePlan['options']): string | undefined {
  if (bearer !== undefined && typeof bearer !== 'boolean') {
    return '`bearer` is neither true nor false';
  }
  if (expiresAt !== undefined && typeof expiresAt !== 'function') {
    return '`expiresAt` is no function of the request';
  }
  if (expiresIn === undefined) return undefined;
  if (expiresAt !== undefined) {
    return '`expiresIn` and `expiresAt` say the same in two ways';
  }
  return Number.isFinite(expiresIn) && expiresIn > 0
    ? undefined
    : '`expiresIn` is no number of milliseconds above 0';
}

function partProblem(partial: unknown, orderedBy: unknown): string | undefined {
  if (partial !== undefined && typeof partial !== 'boolean') {
    return '`partial` is neither true nor false';
  }
  if (orderedBy === undefined) return undefined;
  if (partial !== true) return '`orderedBy` is of no use without `partial`';
  if (typeof orderedBy === 'function' || tellsPart(orderedBy)) return undefined;
  return (
    `\`orderedBy\` is no list of 1 to ${MAX_PART_FIELDS} names of fields, ` +
    'short enough for a header'
  );
}

/** The provider that knows the gateways of an application. */
export function findGateways(
  modules: ModulesContainer,
): GatewayExplorer | undefined {
  for (const { providers } of modules.values()) {
    const found: unknown = providers.get(GatewayExplorer)?.instance;
    if (found instanceof GatewayExplorer) return found;
  }
  return undefined;
}

/**
 * Finds a dealer by its class or name.
 *
 * @throws SnorkySetupError when there is none, or several of the class.
 */
export function findDealer(
  service: DataSyncService,
  reference: DealerReference,
  who: string,
): Dealer<never> {
  const { $dealers: dealers } = service;
  const meant = dealersOf(dealers, reference);
  const [dealer, second] = meant;
  if (dealer !== undefined && second === undefined) return dealer;
  const names = (some: readonly Dealer<never>[]): string =>
    some.map(({ name }) => name).join(', ') || 'none';
  if (dealer === undefined) {
    throw setupError(
      'SNORKY_SUBSCRIBABLE_DEALER',
      who,
      typeof reference === 'string' ? reference : reference.name,
      service.name,
      names(dealers),
    );
  }
  throw setupError(
    'SNORKY_SUBSCRIBABLE_AMBIGUOUS',
    who,
    (reference as Type).name,
    service.name,
    names(meant),
  );
}

function dealersOf(
  dealers: readonly Dealer<never>[],
  reference: DealerReference,
): readonly Dealer<never>[] {
  if (typeof reference === 'string') {
    return dealers.filter(({ name }) => name === reference);
  }
  const exact = dealers.filter(({ constructor }) => constructor === reference);
  // A test may have put a subclass in its place.
  return exact.length > 0
    ? exact
    : dealers.filter((dealer) => dealer instanceof reference);
}

function findService(
  modules: ModulesContainer,
  { service, registry }: SubscribableService,
  who: string,
): DataSyncService {
  // Counted by name: where providers are wrapped in proxies, one service is a
  // different object under each of its tokens.
  const byName = new Map<string, DataSyncService>();
  for (const { providers } of modules.values()) {
    for (const { instance } of providers.values()) {
      if (!(instance instanceof DataSyncService)) continue;
      byName.set(`${instance.registry.name}/${instance.name}`, instance);
    }
  }
  const all = [...byName.values()];
  if (all.length === 0) throw setupError('SNORKY_SUBSCRIBABLE_MODULE', who);
  const name = service ?? (all.length === 1 ? undefined : DEFAULT_SERVICE);
  const [found, second] = all.filter(
    (one) =>
      (name === undefined || one.name === name) &&
      (registry === undefined || one.registry.name === registry),
  );
  if (found !== undefined && second === undefined) return found;
  const where = registry === undefined ? '' : ` of "${registry}"`;
  throw setupError(
    'SNORKY_SUBSCRIBABLE_SERVICE',
    who,
    `"${name ?? DEFAULT_SERVICE}"${where}`,
    all.map((one) => `"${one.name}" of "${one.registry.name}"`).join(', '),
  );
}

function checkQuery(
  service: DataSyncService,
  dealer: Dealer<never>,
  query: JsonInput,
  who: string,
): void {
  try {
    // Checked in the form in which it will arrive with a request.
    service.$checkQuery(dealer, frozenJson(query, 'query'));
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw setupError(
      'SNORKY_SUBSCRIBABLE_QUERY',
      who,
      dealer.name,
      error.message,
    );
  }
}
