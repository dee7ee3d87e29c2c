import { AnnalsError } from '../domain/index.ts';

/** A command was dispatched after the app was told to stop; it was not run. */
export class AppStopped extends AnnalsError {
  readonly code = 'app-stopped';

  constructor(messageName: string) {
    super(
      `${messageName} was dispatched after the app was told to stop. It was not run. Send it to a running node.`,
    );
  }
}

/** No handler is registered for a command or query. */
export class NoHandler extends AnnalsError {
  readonly code = 'no-handler';
  readonly messageName: string;

  constructor(messageName: string) {
    super(
      `No handler is registered for ${messageName}. Write one with @Handles(${messageName}) and list it in ` +
        "a module's handlers.",
    );
    this.messageName = messageName;
  }
}

/** One thing that is wrong with a message. */
export interface ValidationIssue {
  /** E.g. `lines[2].quantity`; empty for the message as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A message does not satisfy its schema; its handler did not run. */
export class ValidationFailed extends AnnalsError {
  readonly code = 'validation-failed';
  readonly messageName: string;
  readonly issues: readonly ValidationIssue[];

  constructor(messageName: string, issues: readonly ValidationIssue[]) {
    const lines = issues.map(issue => `  ${issue.path === '' ? messageName : issue.path}: ${issue.message}`);
    super(`${messageName} is not valid:\n${lines.join('\n')}\nCorrect the fields and send it again.`);
    this.messageName = messageName;
    this.issues = issues;
  }
}

/** A command id was used before, for a command with other content. */
export class CommandIdReused extends AnnalsError {
  readonly code = 'command-id-reused';
  readonly commandId: string;

  constructor(commandId: string, messageName: string) {
    super(
      `The command id ${commandId} was used before with other content than this ${messageName}. ` +
        'Nothing was done. Use a new id for a new command.',
    );
    this.commandId = commandId;
  }
}

/** A command was not done within its time; it had not reached the store, so nothing was changed. */
export class CommandTimedOut extends AnnalsError {
  readonly code = 'command-timed-out';
  readonly timeoutMs: number;

  constructor(messageName: string, timeoutMs: number) {
    super(
      `${messageName} was not done within ${timeoutMs} ms and was given up before anything was stored. ` +
        'Try again, or allow more time.',
    );
    this.timeoutMs = timeoutMs;
  }
}

/** A handler dispatched a command and asked to wait for its projection, before its own commit. */
export class WaitInsideHandler extends AnnalsError {
  readonly code = 'wait-inside-handler';

  constructor(messageName: string) {
    super(
      `${messageName} was dispatched with waitFor from inside another handler. It is stored together with that ` +
        "handler's changes, so the wait could never end. Wait where the outer command is dispatched.",
    );
  }
}

/** An authorization hook refused a message; its handler did not run. */
export class NotAuthorized extends AnnalsError {
  readonly code = 'not-authorized';

  constructor(messageName: string, userId: string | undefined) {
    super(`${userId === undefined ? 'An unknown user' : `User ${userId}`} may not send ${messageName}.`);
  }
}
