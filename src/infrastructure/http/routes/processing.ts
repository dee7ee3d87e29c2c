import type { FastifyInstance } from 'fastify';
import type { Delivery } from '../../../application/index.ts';
import { requireSeesAll } from '../access/require-sees-all.ts';
import { VisibleEvents } from '../access/visible-events.ts';
import { answerBody, answerParameters, pullParameters } from '../consumer-schemas.ts';
import { invalidRequest } from '../http-errors.ts';
import { deliveryOnWire, pulledOnWire } from '../processing-on-wire.ts';
import { eventInPath } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';

interface PullParameters {
  readonly consumer: string;
  readonly limit: number;
  readonly lease_seconds: number;
  readonly from: 'start' | 'end';
}

interface AnswerBody {
  readonly processed?: boolean;
  readonly processing_error?: string | null;
  readonly lease?: string | null;
  readonly transaction_id?: string | null;
  readonly report?: Readonly<Record<string, unknown>> | null;
  readonly retry_after_seconds?: number | null;
  readonly lease_seconds?: number | null;
}

/** Adds the routes by which consumers pull events and answer for them. */
export function addProcessing(server: FastifyInstance, prefix: string, app: ServedApp): void {
  const tags = ['Consumers'];
  addRoute(server, {
    ...{ method: 'GET', path: `${prefix}/unprocessed`, role: 'writer', hasHead: false },
    schema: { summary: 'Lease the next events to a consumer', tags, querystring: pullParameters },
    handle: call => pull(app, call),
  });
  addRoute(server, {
    ...{ method: 'PUT', path: `${prefix}/:id/processing`, role: 'writer' },
    schema: {
      ...{ summary: 'Tell what became of an event that was leased', tags },
      ...{ params: eventInPath, querystring: answerParameters, body: answerBody },
    },
    handle: call => answer(app, call),
  });
}

async function pull({ consumers }: ServedApp, { request, reply, identity }: Call): Promise<object> {
  requireSeesAll(identity);
  const { consumer, limit, lease_seconds: leaseSeconds, from } = request.query as PullParameters;
  const deliveries = await consumers.pull(consumer, { limit, leaseMs: leaseSeconds * 1_000, from });
  reply.header('cache-control', 'no-store');
  return { consumer, events: deliveries.map(pulledOnWire) };
}

async function answer(app: ServedApp, { request, identity }: Call): Promise<object> {
  requireSeesAll(identity);
  const { id } = request.params as { readonly id: string };
  const { consumer } = request.query as { readonly consumer: string };
  const { eventId } = await new VisibleEvents(app.events, identity).get(id);
  const body = request.body as AnswerBody;
  checkAnswer(body);
  return deliveryOnWire(await answered(app, consumer, eventId, body));
}

function answered(
  { consumers }: ServedApp,
  consumer: string,
  eventId: string,
  body: AnswerBody,
): Promise<Delivery> {
  const lease = body.lease ?? undefined;
  if (body.processed === true) {
    const { transaction_id: transactionId, report } = body;
    const told = { transactionId: transactionId ?? undefined, report: report ?? undefined };
    return consumers.acknowledge(consumer, eventId, { lease, ...told });
  }
  if (body.lease_seconds != null) {
    return consumers.extend(consumer, eventId, { lease, leaseMs: body.lease_seconds * 1_000 });
  }
  const seconds = body.retry_after_seconds ?? undefined;
  const retryAfterMs = seconds === undefined ? undefined : seconds * 1_000;
  return consumers.fail(consumer, eventId, { lease, error: body.processing_error ?? '', retryAfterMs });
}

/* One of three things: it is done, it failed, or it takes longer; and only what belongs to that. */
function checkAnswer(body: AnswerBody): void {
  const { processed, processing_error: error } = body;
  const isExtension = processed === undefined && body.lease_seconds != null && error == null;
  if (processed === true && error != null) {
    throw invalidRequest('body/processing_error', 'cannot be given with what is processed');
  }
  if (processed !== true && error == null && !isExtension) {
    throw invalidRequest('body/processing_error', 'must say why it failed; or give "processed": true');
  }
  const outcome = processed === true ? ['transaction_id', 'report'] : ['retry_after_seconds'];
  const allowed = isExtension ? ['lease_seconds'] : outcome;
  for (const field of ['transaction_id', 'report', 'retry_after_seconds', 'lease_seconds'] as const) {
    if (body[field] == null || allowed.includes(field)) continue;
    throw invalidRequest(`body/${field}`, 'does not belong to this answer');
  }
}
