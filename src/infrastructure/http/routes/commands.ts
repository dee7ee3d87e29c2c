import type { FastifyInstance } from 'fastify';
import type { Command } from '../../../application/index.ts';
import { actorOf } from '../access/identity.ts';
import { ownKey } from '../access/own-key.ts';
import { untilGone } from '../client-gone.ts';
import type { HttpLimits } from '../http-options.ts';
import type { MessageForm } from '../messages/message-form.ts';
import { givenFields } from '../messages/given-fields.ts';
import { commandHeaders, dispatched } from '../messages/message-schemas.ts';
import type { MessageRules } from '../messages/served-messages.ts';
import { noParameters } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addMissingMessage } from './missing-message.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';

/** Adds a route for each command. */
export function addCommands(
  server: FastifyInstance,
  app: ServedApp,
  commands: ReadonlyMap<string, MessageForm>,
  { limits, leastRoles }: MessageRules,
): void {
  const prefix = '/api/v1/commands';
  for (const [name, form] of commands) {
    addRoute(server, {
      ...{ method: 'POST', path: `${prefix}/${name}`, role: leastRoles.get(name) ?? 'writer' },
      schema: {
        ...{ summary: form.messageClass.name, tags: ['Commands'], operationId: `command-${name}` },
        ...{ body: form.bodySchema, headers: commandHeaders, querystring: noParameters },
        response: { 200: dispatched },
      },
      // The form checks it, and says more.
      describesOnly: 'body',
      handle: call => dispatch(app, call, form, limits),
    });
  }
  addMissingMessage(server, { method: 'POST', path: prefix, role: 'writer', kind: 'command' });
}

async function dispatch(
  { commands }: ServedApp,
  { request, reply, identity }: Call,
  form: MessageForm,
  { requestTimeoutMs }: HttpLimits,
): Promise<object> {
  const { 'idempotency-key': key, 'correlation-id': correlationId } = request.headers as CommandHeaders;
  const signal = untilGone(reply);
  const command = (await form.make(givenFields(request.body))) as Command<unknown>;
  const { result, lastPosition, ...done } = await commands.dispatchFull(command, {
    ...{ userId: identity.userId, actor: actorOf(identity), correlationId },
    ...{ commandId: key === undefined ? undefined : ownKey(key, identity) },
    ...{ timeoutMs: requestTimeoutMs, signal },
  });
  if (lastPosition > 0) reply.header('annals-position', lastPosition);
  return {
    ...{ result: result ?? null, command_id: done.commandId, correlation_id: done.correlationId },
    ...{ position: lastPosition > 0 ? lastPosition : null, repeated: done.repeated },
  };
}

interface CommandHeaders {
  readonly 'idempotency-key'?: string;
  readonly 'correlation-id'?: string;
}
