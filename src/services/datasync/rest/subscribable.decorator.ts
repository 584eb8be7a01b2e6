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
 * Lets whoever may read an answer follow its changes. A request with the header
 * `X-Snorky: Subscribe` gets a token in `X-Subscription-Token`, authorized before
 * the handler ran, so that no change falls in between. Other requests get what
 * they got before.
 *
 * The token is for the identity that the gateway of the registry finds for the
 * request; nobody else can use it. With `X-Snorky: Renew` there is a token without
 * rows, for a subscription that is about to end: the guards decide again, and the
 * handler is not called. So that token is good for whoever has the subscription,
 * to renew it, and for nothing else.
 *
 * Guards have decided before; when a pipe or the handler fails, or redirects,
 * there is no token. Nor is there for HEAD.
 *
 * @param items What to subscribe to; an `HttpException` thrown here is answered.
 * @param options `expiresIn` or `expiresAt` for subscriptions that end, `bearer`
 *   for tokens that whoever has them may use, `partial` for parts of the rows.
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
 * The same, for what one dealer decides about.
 *
 * @param query What is asked of the dealer, or how that follows from the request.
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
    // A class of its own: Nest makes one instance for each module.
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
