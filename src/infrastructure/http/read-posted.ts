import type { FastifyRequest } from 'fastify';
import type { Actor, EventMetadata, ExpectedVersion, StreamId } from '../../domain/index.ts';
import type { NewEvent, StreamAppend } from '../../application/index.ts';
import { actorOf } from './access/identity.ts';
import type { Identity } from './access/identity.ts';
import { ownKey } from './access/own-key.ts';
import { Forbidden, invalidRequest } from './http-errors.ts';

/** An event as it is posted, checked against its schema. */
export interface PostedEvent {
  readonly event_id?: string | null;
  readonly event_type: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly payload?: object;
  readonly data?: object;
  readonly metadata?: EventMetadata | null;
  readonly version?: number;
  readonly correlation_id?: string | null;
  readonly causation_id?: string | null;
  readonly user_id?: string | null;
  readonly created_by?: string | null;
  readonly idempotency_key?: string | null;
  readonly expected_version?: ExpectedVersion | null;
}

/** Several events as they are posted together. */
export interface PostedBatch {
  readonly events: readonly PostedEvent[];
  readonly idempotency_key?: string | null;
}

/** What is to be appended. */
export interface Posted {
  readonly appends: readonly StreamAppend[];
  readonly idempotencyKey: string | undefined;
  /** Whether several events were posted, so that several are answered. */
  readonly isBatch: boolean;
  /** Whether the expected version came as a condition of the request, which fails with 412. */
  readonly isConditional: boolean;
}

type Headers = FastifyRequest['headers'];

const longestKey = 255;

/** What a request to append asks for, in the name of whoever sends it. */
export function readPosted(body: PostedEvent | PostedBatch, headers: Headers, identity: Identity): Posted {
  const isBatch = 'events' in body;
  const events = isBatch ? body.events : [body];
  const condition = readCondition(headers);
  const appends = gather(events, identity, isBatch);
  return {
    appends: condition === undefined ? appends : [conditional(appends, condition, isBatch)],
    idempotencyKey: readKey(body, headers, identity),
    isBatch,
    isConditional: condition !== undefined,
  };
}

/* Neighbours of one stream are one append, unless one of them says which version it expects. */
function gather(
  events: readonly PostedEvent[],
  identity: Identity,
  isBatch: boolean,
): readonly StreamAppend[] {
  const appends: (StreamAppend & { readonly events: NewEvent[] })[] = [];
  for (const [index, event] of events.entries()) {
    const path = isBatch ? `body/events/${index}` : 'body';
    const stream = { aggregateType: event.aggregate_type, aggregateId: event.aggregate_id };
    const last = appends.at(-1);
    const newEvent = readEvent(event, identity, path);
    if (last !== undefined && isSame(last.stream, stream) && event.expected_version == null) {
      last.events.push(newEvent);
    } else {
      appends.push({ stream, expectedVersion: event.expected_version ?? 'any', events: [newEvent] });
    }
  }
  return appends;
}

function isSame(a: StreamId, b: StreamId): boolean {
  return a.aggregateType === b.aggregateType && a.aggregateId === b.aggregateId;
}

function readEvent(event: PostedEvent, identity: Identity, path: string): NewEvent {
  const metadata = event.metadata ?? undefined;
  return {
    type: event.event_type,
    payload: readPayload(event, path),
    schemaVersion: event.version ?? 1,
    correlationId: event.correlation_id ?? textIn(metadata, 'correlation_id', path),
    causationId: event.causation_id ?? textIn(metadata, 'causation_id', path),
    userId: readUser(event, identity),
    actor: readActor(event, identity),
    metadata,
    ...(event.event_id == null ? {} : { eventId: event.event_id }),
  };
}

function readPayload({ payload, data }: PostedEvent, path: string): object {
  if (payload !== undefined && data !== undefined) {
    throw invalidRequest(`${path}/data`, 'is another name of payload: give one of them');
  }
  const given = payload ?? data;
  if (given === undefined) throw invalidRequest(path, "must have required property 'payload'");
  return given;
}

function textIn(metadata: EventMetadata | undefined, field: string, path: string): string | undefined {
  const value = metadata?.[field] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw invalidRequest(`${path}/metadata/${field}`, 'must be string');
}

function readUser({ user_id: userId }: PostedEvent, identity: Identity): string | undefined {
  if (identity.seesAll) return userId ?? identity.userId;
  if (userId == null || userId === identity.userId) return identity.userId;
  throw new Forbidden(
    'An event of another user can only be posted by who sees all events. Leave out user_id.',
  );
}

function readActor({ created_by: createdBy }: PostedEvent, identity: Identity): Actor {
  const own = actorOf(identity);
  if (createdBy == null || createdBy === own) return own;
  if (identity.seesAll) return createdBy as Actor;
  throw new Forbidden(`An event of yours is created by "${own}". Leave out created_by.`);
}

function readKey(body: PostedEvent | PostedBatch, headers: Headers, identity: Identity): string | undefined {
  if ('events' in body && body.events.some(event => event.idempotency_key != null)) {
    throw invalidRequest('body/events', 'share one idempotency_key: give it beside them');
  }
  const header = headers['idempotency-key'] as string | undefined;
  const key = body.idempotency_key ?? header;
  if (key === undefined) return undefined;
  if (header !== undefined && header !== key) {
    throw invalidRequest('header/idempotency-key', 'differs from idempotency_key: give one of them');
  }
  if (key.length > longestKey) {
    throw invalidRequest('header/idempotency-key', `must NOT have more than ${longestKey} characters`);
  }
  return ownKey(key, identity);
}

function readCondition(headers: Headers): ExpectedVersion | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch === '*' && ifMatch === undefined) return 'none';
    throw invalidRequest('header/if-none-match', 'must be *, and without if-match: the stream must be new');
  }
  if (ifMatch === undefined) return undefined;
  if (ifMatch === '*') return 'exists';
  const version = Number(/^"(\d{1,10})"$/.exec(ifMatch)?.[1] ?? Number.NaN);
  if (version <= 2_147_483_647) return version;
  throw invalidRequest('header/if-match', 'must be * or the ETag of a stream: its version in quotes, "3"');
}

function conditional(
  appends: readonly StreamAppend[],
  condition: ExpectedVersion,
  isBatch: boolean,
): StreamAppend {
  const [only, ...others] = appends;
  if (only === undefined || others.length > 0) {
    throw invalidRequest('header/if-match', 'is about one stream, and the events are of several');
  }
  if (only.expectedVersion !== 'any') {
    const path = isBatch ? 'body/events/0/expected_version' : 'body/expected_version';
    throw invalidRequest(path, 'cannot be given with if-match or if-none-match');
  }
  return { ...only, expectedVersion: condition };
}
