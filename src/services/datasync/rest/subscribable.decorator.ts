import {
  applyDecorators,
  Inject,
  Injectable,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import {
  subscribablePlan,
  type DealerReference,
  type SubscribableItem,
  type SubscribableOptions,
  type SubscribableRequest,
} from './subscribable-plan.js';
import { SubscribableRoute } from './subscribable-route.js';

/**
 * Lets the readers of an answer follow its changes. A request with the header
 * `X-Snorky: Subscribe` gets a token in `X-Subscription-Token`. The token is
 * authorized before the handler runs, so that no change falls in between. Other
 * requests get the same answers as without the decorator.
 *
 * The token is for the identity that the registry's gateway finds for the
 * request; nobody else can use it. A request with `X-Snorky: Renew` gets a
 * token without rows, for a subscription that is about to end. The guards
 * decide again, but the handler is not called. So that token can only renew a
 * subscription that its client already has.
 *
 * The guards of the route run first. There is no token if a pipe or the handler
 * fails or redirects, and none for HEAD.
 *
 * @param items What to subscribe to. An `HttpException` thrown here is
 *   answered.
 * @param options `expiresIn` or `expiresAt` for subscriptions that end,
 *   `bearer` for tokens that anybody may use, `partial` for answers with only a
 *   part of the rows.
 *
 * @example
 * @Get(':id')
 * @Subscribable(({ params }) => [
 *   { dealer: TaskById, query: Number(params['id']) },
 *   { dealer: CommentsByTask, query: Number(params['id']) },
 * ])
 * one(@Param('id', ParseIntPipe) id: number) {
 *   return this.tasks.findWithComments(id);
 * }
 */
export function Subscribable<Request extends object = SubscribableRequest>(
  items: (request: Request) => MaybePromise<readonly SubscribableItem[]>,
  options?: SubscribableOptions<Request>,
): MethodDecorator;
/**
 * Lets the readers of an answer follow the rows of one dealer.
 *
 * @param query The query, or a function that makes it from the request.
 *   @default null
 * @param options `partial` for answers that a limit, an offset or a page cuts.
 *
 * @example
 * @Get()
 * @Subscribable(AllTasks)
 * list() {
 *   return this.tasks.find();
 * }
 *
 * @Get('newest')
 * @Subscribable(AllTasks, null, { partial: true, orderedBy: ['createdAt', 'id'] })
 * newest() {
 *   return this.tasks.find({ order: { createdAt: 'DESC', id: 'DESC' }, take: 10 });
 * }
 */
export function Subscribable<Request extends object = SubscribableRequest>(
  dealer: DealerReference,
  query?: JsonInput | ((request: Request) => MaybePromise<JsonInput>),
  options?: SubscribableOptions<Request>,
): MethodDecorator;
export function Subscribable(
  what: Parameters<typeof subscribablePlan>[0],
  ...rest: readonly unknown[]
): MethodDecorator {
  const plan = subscribablePlan(what, rest);
  return (target, key, descriptor) => {
    // A class for each route: Nest makes one instance of it in each module.
    @Injectable()
    class Route extends SubscribableRoute {
      constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
        super(modules, { plan, target, key });
      }
    }
    const decorate = applyDecorators(UseGuards(Route), UseInterceptors(Route));
    decorate(target, key, descriptor);
  };
}
