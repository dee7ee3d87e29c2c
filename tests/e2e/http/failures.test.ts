import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { Command, Handles } from 'annals';
import type { CommandHandler, Logger } from 'annals';
import { defineModule, silentLogger } from 'annals/di';
import { open } from './support/raw.ts';
import { serve } from './support/serve.ts';

/* What is written into the log of failures. */
function recorded(): { readonly errors: unknown[]; readonly logger: Logger } {
  const errors: unknown[] = [];
  return { errors, logger: { ...silentLogger, error: (_text, facts) => errors.push(facts) } };
}

describe('A command over HTTP', () => {
  test('whose handler fails of another server says nothing of it', async () => {
    class Charge extends Command {}

    @Handles(Charge)
    class ChargeHandler implements CommandHandler<Charge> {
      handle(): never {
        throw Object.assign(new Error('Invalid key: sk_live_123'), { statusCode: 401, code: 'api_key' });
      }
    }

    const { errors, logger } = recorded();
    const charging = defineModule({ name: 'charging', handlers: [ChargeHandler] });
    const { post } = await serve({}, { modules: [charging], logger });
    const answer = await post('/api/v1/commands/charge', {});
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal-error' } });
    expect(JSON.stringify(answer.body)).not.toContain('sk_live');
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(errors).toEqual([
      {
        method: 'POST',
        route: '/api/v1/commands/charge',
        error: expect.objectContaining({ code: 'api_key' }),
      },
    ]);
  });

  test('whose client goes away in the middle of its body is no failure of the server', async () => {
    const { errors, logger } = recorded();
    const { server, url } = await serve({}, { logger });
    const ended = new Promise(resolve =>
      server.fastify.server.once('request', ({ socket }: IncomingMessage) => socket.once('close', resolve)),
    );
    const socket = open(url);
    const lines = ['POST /api/v1/commands/deposit HTTP/1.1', 'Host: 127.0.0.1'];
    lines.push('Content-Type: application/json', 'Content-Length: 100', '', '{ "acc');
    socket.write(lines.join('\r\n'));
    await new Promise(resolve => server.fastify.server.once('request', resolve));
    socket.destroy();
    await ended;
    await new Promise(resolve => setImmediate(resolve));
    expect(errors).toEqual([]);
  });
});
