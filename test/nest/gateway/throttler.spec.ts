import { describe, expect, it } from '@jest/globals';
import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as asyncHooks from 'node:async_hooks';
import * as crypto from 'node:crypto';
import * as net from 'node:net';
import { SnorkyGateway } from 'snorky';
import { startApp, type Platform } from '../../support/servers/app.js';
import { loadCommonJs } from '../../support/programs/load-commonjs.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from './me.service.js';

const { ThrottlerGuard, ThrottlerModule } = loadCommonJs<
  typeof import('@nestjs/throttler')
>('node_modules/@nestjs/throttler/dist/index.js', {
  '@nestjs/common': common,
  '@nestjs/core': core,
  async_hooks: asyncHooks,
  net,
  'node:crypto': crypto,
});

describe.each<Platform>(['express', 'fastify'])(
  'ThrottlerGuard on connections on %s',
  (platform) => {
    it.each(['of the gateway', 'of the application'])(
      '%s refuses too many, and tells when to come back',
      async (whose) => {
        @SnorkyGateway()
        class Gateway {}
        if (whose === 'of the gateway')
          common.UseGuards(ThrottlerGuard)(Gateway);
        const globalGuard = {
          provide: core.APP_GUARD,
          useClass: ThrottlerGuard,
        };

        await using app = await startApp(
          {
            imports: [
              frontend({ globalGuards: whose === 'of the application' }),
              ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }]),
            ],
            providers: [
              Me,
              Gateway,
              ...(whose === 'of the application' ? [globalGuard] : []),
            ],
          },
          undefined,
          platform,
        );
        await using first = await TestSocket.connect(`${app.ws}/ws`);
        await using second = await TestSocket.connect(`${app.ws}/ws`);
        const { status, message, headers } = await refusal(`${app.ws}/ws`);
        expect(status).toBe(429);
        expect(message).toContain('Too Many Requests');
        expect(Number(headers['retry-after'])).toBeGreaterThan(50);
        expect([first.unread, second.unread]).toEqual([[], []]);
      },
    );
  },
);
