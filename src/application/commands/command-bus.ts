import type { Actor, Class } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { checkTimeout } from '../check-timeout.ts';
import { isMessage } from '../handles.ts';
import type { ExecutionScope } from '../execution/execution-scope.ts';
import type { MessageContext } from '../execution/message-context.ts';
import type { UnitOfWork } from '../execution/unit-of-work.ts';
import type { UnitsOfWork } from '../execution/units-of-work.ts';
import { AppStopped, CommandIdReused, NoHandler, WaitInsideHandler } from '../message-errors.ts';
import type { AppendResult, EventStore } from '../ports/event-store.ts';
import type { IdGenerator } from '../ports/id-generator.ts';
import type { ProjectionWaiter } from '../ports/projection-waiter.ts';
import { validateMessage } from '../validation.ts';
import type { Command, CommandResult } from './command.ts';
import { commandFingerprint } from './command-fingerprint.ts';
import type { CommandContext, CommandHandler } from './command-handler.ts';
import type { CommandMiddleware, CommandOutcome } from './command-middleware.ts';
import { runMiddleware } from './command-middleware.ts';
import { Deadline, untilAborted } from './deadline.ts';

/** Options of `dispatch`; what is left out is inherited from the message being handled, if any. */
export interface DispatchOptions {
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly userId?: string | undefined;
  readonly actor?: Actor | undefined;
  /**
   * Makes the command idempotent: a repetition returns the first result, on any node. It belongs to the command as it
   * was given, before its schema changed anything.
   */
  readonly commandId?: string | undefined;
  /** Projectors that must have handled the events before the dispatch returns. */
  readonly waitFor?: readonly Class[] | undefined;
  /** Gives up after so long, whatever takes it: middleware, the handler or waiting for projectors; default: never. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of a command, and what it stored. */
export interface Dispatched<Result> {
  readonly result: Result;
  readonly commandId: string;
  readonly correlationId: string;
  /** One for each stream that got events. Empty in a repetition, and inside another handler. */
  readonly appends: readonly AppendResult[];
  /** Wait for it to read your own write; 0 if nothing was stored. */
  readonly lastPosition: number;
  /** Whether an earlier run under the same command id did the work. */
  readonly repeated: boolean;
}

/** What a command bus is made of. */
export interface CommandBusServices {
  readonly store: EventStore;
  readonly ids: IdGenerator;
  readonly scope: ExecutionScope;
  readonly units: UnitsOfWork;
  readonly projections: ProjectionWaiter;
  readonly middleware: readonly CommandMiddleware[];
}

/** Who a command is that must not run twice. */
interface CommandIdentity {
  readonly commandId: string;
  readonly fingerprint: string;
  /** Whether its result is kept for repetitions; nobody reads that of a reaction's command. */
  readonly keepsResult: boolean;
}

interface Dispatch {
  readonly command: Command<unknown>;
  readonly handler: CommandHandler<Command<unknown>>;
  readonly context: CommandContext;
  readonly deadline: Deadline;
  /** Undefined for a command that may run any number of times. */
  readonly identity: CommandIdentity | undefined;
}

/** Takes commands to their handlers. */
export class CommandBus {
  readonly #services: CommandBusServices;
  readonly #handlers = new Map<Class, CommandHandler<Command<unknown>>>();
  readonly #underWay = new Set<Promise<unknown>>();
  #isDraining = false;

  constructor(services: CommandBusServices) {
    this.#services = services;
  }

  /** Sets the one handler of a command class. */
  register(commandClass: Class, handler: CommandHandler<Command<unknown>>): void {
    this.#handlers.set(commandClass, handler);
  }

  /**
   * Runs the command's handler and stores what it changed; returns what the handler returned.
   *
   * @throws {NoHandler} nobody handles this class
   * @throws {AppStopped} the app was told to stop
   * @throws {ValidationFailed} the command does not satisfy its schema
   * @throws {StreamVersionConflict} it lost ten races in a row
   * @throws {CommandIdReused} the command id belongs to another command
   * @throws {CommandTimedOut} it was given up before anything was stored
   * @throws {ProjectionWaitTimeout} it is stored, but a projector of `waitFor` was not there in time
   * @throws {ProjectionNotRunning} it is stored, but a projector of `waitFor` has stopped
   * @throws {WaitForItself} a handler dispatches it and would wait for its own projection; nothing was done
   */
  async dispatch<C extends Command<unknown>>(
    command: C,
    options?: DispatchOptions,
  ): Promise<CommandResult<C>> {
    const { result } = await this.dispatchFull(command, options);
    return result;
  }

  /** Like `dispatch`, and tells what was stored. */
  async dispatchFull<C extends Command<unknown>>(
    command: C,
    options: DispatchOptions = {},
  ): Promise<Dispatched<CommandResult<C>>> {
    const dispatched = this.#dispatch(command, options);
    this.#underWay.add(dispatched);
    try {
      return (await dispatched) as Dispatched<CommandResult<C>>;
    } finally {
      this.#underWay.delete(dispatched);
    }
  }

  /** Whether it refuses new commands. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Refuses new commands, and waits for those under way with all that they dispatch themselves. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await Promise.allSettled(this.#underWay);
  }

  async #dispatch(command: Command<unknown>, options: DispatchOptions): Promise<Dispatched<unknown>> {
    const handler = this.#admit(command, options);
    const identity = identify(command, options, this.#services.scope.context);
    const deadline = new Deadline(classOf(command).name, options);
    const context = this.#contextOf(options, identity?.commandId, deadline.signal);
    try {
      const outcome = await this.#run({ command, handler, context, deadline, identity });
      await this.#waitFor(options, outcome.lastPosition, deadline.leftMs);
      const { commandId, correlationId } = context;
      return { ...outcome, commandId, correlationId };
    } finally {
      deadline.clear();
    }
  }

  #admit(command: Command<unknown>, options: DispatchOptions): CommandHandler<Command<unknown>> {
    if (!isMessage(command)) throw new NoHandler(String(command));
    const { name } = classOf(command);
    const { context, unitOfWork } = this.#services.scope;
    if (this.#isDraining && context === undefined) throw new AppStopped(name);
    if (options.waitFor?.length && unitOfWork !== undefined) throw new WaitInsideHandler(name);
    const handler = this.#handlers.get(classOf(command));
    if (handler === undefined) throw new NoHandler(name);
    if (options.timeoutMs !== undefined) checkTimeout('timeoutMs', options.timeoutMs);
    // Asked before anything is stored, because afterwards it would be too late to say no.
    for (const projector of options.waitFor ?? []) this.#services.projections.requireProjection(projector);
    return handler;
  }

  async #run(dispatch: Dispatch): Promise<Extract<CommandOutcome, { status: 'succeeded' }>> {
    const { command, context, deadline } = dispatch;
    const { scope, middleware } = this.#services;
    const { commandId, correlationId, userId, actor } = context;
    // A command that reacts to an event hands the event on as the cause, so that the stored chain has no gap.
    const causationId = context.causationId ?? commandId;
    const run = scope.runInContext({ correlationId, causationId, userId, actor }, () =>
      runMiddleware(middleware, command, context, () => this.#handle(dispatch)),
    );
    const outcome = await deadline.keepAll(run);
    if (outcome.status === 'succeeded') return outcome;
    throw deadline.explain(outcome.error);
  }

  async #handle(given: Dispatch): Promise<CommandOutcome> {
    const { context } = given;
    const dispatch = { ...given, command: await validateMessage(given.command) };
    context.signal.throwIfAborted();
    if (dispatch.identity === undefined) return this.#execute(dispatch);
    const earlier = await this.#findEarlier(dispatch);
    if (earlier !== undefined) return earlier;
    // Nobody waits for it any more: what it stored now would come as a surprise.
    context.signal.throwIfAborted();
    try {
      return await this.#execute(dispatch);
    } catch (error) {
      // Another node may have run the same command meanwhile; then its outcome counts, whatever became of this run.
      const first = await this.#findFirst(dispatch, error);
      if (first === undefined) throw error;
      return first;
    }
  }

  async #execute(dispatch: Dispatch): Promise<CommandOutcome> {
    const { command, handler, context, deadline, identity } = dispatch;
    const handle = (): unknown => {
      deadline.isCommitting = false;
      return handler.handle(command, context);
    };
    const beforeCommit = (unit: UnitOfWork, result: unknown): void => {
      deadline.isCommitting = true;
      if (identity !== undefined)
        unit.record({ ...identity, result: identity.keepsResult ? result : undefined });
    };
    const run = this.#services.units.run<unknown>(handle, { signal: deadline.signal, beforeCommit });
    const { result, appends } = await deadline.keep(run);
    const lastPosition = Math.max(0, ...appends.map(append => append.lastPosition));
    return { status: 'succeeded', result, appends, lastPosition, repeated: false };
  }

  /* What another node made of a command that failed here; the failure itself, once there is no time to look. */
  async #findFirst(dispatch: Dispatch, failure: unknown): Promise<CommandOutcome | undefined> {
    const { signal } = dispatch.context;
    if (signal.aborted) throw failure;
    try {
      return await untilAborted(this.#findEarlier(dispatch), signal);
    } catch (error) {
      throw error === signal.reason ? failure : error;
    }
  }

  async #findEarlier(dispatch: Dispatch): Promise<CommandOutcome | undefined> {
    const { commandId } = dispatch.context;
    const own = this.#services.scope.unitOfWork?.findRecorded(commandId);
    const stored =
      own === undefined ? await this.#services.store.findCommand(commandId) : { ...own, lastPosition: 0 };
    if (stored === undefined) return undefined;
    if (stored.fingerprint !== dispatch.identity?.fingerprint)
      throw new CommandIdReused(commandId, classOf(dispatch.command).name);
    const { result, lastPosition } = stored;
    return { status: 'succeeded', result, appends: [], lastPosition, repeated: true };
  }

  #contextOf(options: DispatchOptions, given: string | undefined, signal: AbortSignal): CommandContext {
    const outer = this.#services.scope.context;
    const commandId = given ?? this.#services.ids.next();
    return {
      commandId,
      correlationId: options.correlationId ?? outer?.correlationId ?? commandId,
      causationId: options.causationId ?? outer?.causationId,
      userId: options.userId ?? outer?.userId,
      actor: options.actor ?? outer?.actor,
      signal,
    };
  }

  async #waitFor(
    { signal, waitFor = [] }: DispatchOptions,
    position: number,
    timeoutMs: number | undefined,
  ): Promise<void> {
    const waits = waitFor.map(async p =>
      this.#services.projections.waitFor(p, position, { timeoutMs, signal }),
    );
    await Promise.all(waits);
  }
}

/* A command with an id of the caller's own, or one that a reaction to an event dispatches, runs once. */
function identify(
  command: Command<unknown>,
  options: DispatchOptions,
  outer: MessageContext | undefined,
): CommandIdentity | undefined {
  const { commandId } = options;
  const reactionCommandId = outer?.reactionCommandId;
  if (commandId === undefined && reactionCommandId === undefined) return undefined;
  const fingerprint = commandFingerprint(command);
  if (commandId !== undefined) return { commandId, fingerprint, keepsResult: true };
  return { commandId: reactionCommandId!(fingerprint), fingerprint, keepsResult: false };
}
