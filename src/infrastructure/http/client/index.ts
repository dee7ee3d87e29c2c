/** "annals/http/client": follows the events of an HTTP server, in browsers and Node. */
export type { EventOnWire } from '../event-on-wire.ts';
export { InvalidServerUrl, StreamRefused, followEvents } from './follow-events.ts';
export type { FollowEventsOptions } from './follow-events.ts';
