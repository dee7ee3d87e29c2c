/** "annals/http": serves a running app over HTTP, over Fastify. */
export { MissingPackage } from '../../application/missing-package.ts';
export type { Role } from './access/identity.ts';
export type { EventOnWire } from './event-on-wire.ts';
export {
  ConditionFailed,
  Forbidden,
  InvalidRequest,
  KeysUnavailable,
  NotFound,
  TooManyRequests,
  TooManyStreams,
  Unauthenticated,
  UpgradeRequired,
} from './http-errors.ts';
export type { RequestIssue } from './http-errors.ts';
export { InvalidMessageNames } from './messages/served-messages.ts';
export { httpFace } from './http-face.ts';
export type { ProcessingOnWire, PulledOnWire } from './processing-on-wire.ts';
export { InvalidHttpOptions } from './http-options.ts';
export type {
  HttpLimits,
  HttpOptions,
  LeastRoles,
  MetricsSource,
  TokenAccess,
  TokenRules,
} from './http-options.ts';
export { serveHttp } from './serve-http.ts';
export type { HttpServer, ServeOptions } from './serve-http.ts';
export { UntellableState } from './state-on-wire.ts';
export type { ServedApp } from './served-app.ts';
