import { DomainError } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import type { CommandMiddleware, CommandOutcome } from '../commands/command-middleware.ts';
import type { Span, Telemetry, TelemetryAttributes } from '../ports/telemetry.ts';
import { errorType } from './error-type.ts';
import { instruments } from './instruments.ts';

/** Traces and counts every command; to be the outermost middleware, so that it sees what the others do. */
export function commandTelemetry(telemetry: Telemetry): CommandMiddleware {
  const duration = telemetry.histogram(instruments.commandDuration);
  return (command, { commandId, correlationId }, next) => {
    const { name } = classOf(command);
    const attributes = {
      'annals.command.name': name,
      'annals.command.id': commandId,
      'messaging.message.conversation_id': correlationId,
    };
    return telemetry.trace(`dispatch ${name}`, { kind: 'internal', attributes }, async span => {
      const startedAtMs = performance.now();
      const outcome = await next();
      const told = describe(outcome);
      tell(span, outcome, told);
      duration((performance.now() - startedAtMs) / 1_000, { 'annals.command.name': name, ...told });
      return outcome;
    });
  };
}

/* A refusal is an answer of the domain, and no failure of the app. */
function describe(outcome: CommandOutcome): TelemetryAttributes {
  if (outcome.status === 'succeeded') {
    return { 'annals.command.outcome': outcome.repeated ? 'repeated' : 'succeeded' };
  }
  const status = outcome.error instanceof DomainError ? 'refused' : 'failed';
  return { 'annals.command.outcome': status, 'error.type': errorType(outcome.error) };
}

function tell(span: Span, outcome: CommandOutcome, told: TelemetryAttributes): void {
  span.set(told);
  if (outcome.status === 'succeeded') span.set({ 'annals.position': outcome.lastPosition });
  else if (!(outcome.error instanceof DomainError)) span.fail(errorType(outcome.error));
}
