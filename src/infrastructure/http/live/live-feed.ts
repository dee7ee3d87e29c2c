import type { Recorded } from '../../../domain/index.ts';
import { VisibleEvents } from '../access/visible-events.ts';
import { invalidRequest } from '../http-errors.ts';
import type { HttpLimits } from '../http-options.ts';
import type { Call } from '../routes/route.ts';
import type { ServedApp } from '../served-app.ts';
import { partsOf } from './live-parts.ts';
import type { LiveFormat } from './live-parts.ts';
import type { LiveStreams } from './live-streams.ts';

/** The live streams of a server: of which app, counted by whom. */
export interface LiveServices {
  readonly app: ServedApp;
  readonly streams: LiveStreams;
  readonly limits: HttpLimits;
}

/** The events that somebody follows, as far as they may see them. */
export interface LiveFeed {
  /** Aborted once the token has expired. */
  readonly expired: AbortSignal;
  /** Aborted when the server closes. */
  readonly ending: AbortSignal;
  /** What is told, until the reader is gone or one of the signals is aborted. */
  parts<Part>(format: LiveFormat<Part>): AsyncGenerator<Part, void>;
}

interface LiveParameters {
  readonly aggregate_type?: string;
  readonly aggregate_id?: string;
  readonly event_type?: string;
  readonly correlation_id?: string;
  readonly user_id?: string;
  readonly created_by?: string;
  readonly from: string;
}

// A slow reader holds no more than two of these, and what its connection takes.
const eventsAtATime = 100;

/**
 * Begins what a request asks to follow, and counts it until its answer is closed.
 *
 * @throws {InvalidRequest | Forbidden} it asks for what is not, or what is another user's
 * @throws {TooManyStreams} there are enough of them
 */
export async function openLiveFeed({ app, streams, limits }: LiveServices, call: Call): Promise<LiveFeed> {
  const { request, identity } = call;
  const parameters = request.query as LiveParameters;
  const visible = new VisibleEvents(app.events, identity);
  visible.restrict({ userId: parameters.user_id });
  const from = await beginning(app, call, parameters.from);
  const { ending } = streams;
  const expired = expiryOf(call);
  const signal = AbortSignal.any([goneOf(call, streams), ending, expired]);
  const isWanted = (event: Recorded): boolean => visible.includes(event) && matches(event, parameters);
  const { heartBeatMs } = limits;
  return {
    expired,
    ending,
    parts: format => {
      const pages = app.events.subscribe({ from, signal, batchSize: eventsAtATime, ...typesOf(parameters) });
      const iterator = pages.pages()[Symbol.asyncIterator]();
      return partsOf(iterator, format, { from, isWanted, heartBeatMs, signal });
    },
  };
}

/* Not of the body of the answer, which ends only when the page it waits for is there. */
function goneOf({ request, reply, identity }: Call, streams: LiveStreams): AbortSignal {
  const gone = new AbortController();
  const end = streams.begin(identity.userId ?? request.ip);
  const leave = (): void => {
    end();
    gone.abort();
  };
  if (request.raw.socket.destroyed) leave();
  else reply.raw.once('close', leave);
  return gone.signal;
}

function typesOf({ event_type: type, aggregate_type: aggregateType }: LiveParameters): {
  readonly types: readonly string[] | undefined;
  readonly aggregateTypes: readonly string[] | undefined;
} {
  return {
    types: type === undefined ? undefined : [type],
    aggregateTypes: aggregateType === undefined ? undefined : [aggregateType],
  };
}

/* Where a reader was comes before where it first wanted to begin. */
async function beginning({ events }: ServedApp, { request }: Call, from: string): Promise<number> {
  const { 'last-event-id': lastEventId } = request.headers;
  const place = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : from;
  if (place === 'start') return 0;
  if (place === 'end') return events.settledPosition();
  if (/^\d{1,15}$/.test(place)) return Number(place);
  throw invalidRequest('query/from', 'must be "start", "end" or the event_number after which to begin');
}

function expiryOf({ identity: { expiresAtMs } }: Call): AbortSignal {
  if (expiresAtMs === undefined) return new AbortController().signal;
  // The longest that a timer can wait; a token that is valid for longer is asked for again then.
  return AbortSignal.timeout(Math.min(Math.max(0, expiresAtMs - Date.now()), 2_147_483_647));
}

function matches(event: Recorded, parameters: LiveParameters): boolean {
  return (
    (parameters.aggregate_id ?? event.aggregateId) === event.aggregateId &&
    (parameters.correlation_id ?? event.correlationId) === event.correlationId &&
    (parameters.user_id ?? event.userId) === event.userId &&
    (parameters.created_by ?? event.actor) === event.actor
  );
}
