import { createHash } from 'node:crypto';
import { classOf } from '../../domain/class.ts';
import { canonicalJson } from '../events/canonical-json.ts';
import { UnserializableValue } from '../ports/event-store-errors.ts';
import type { Command } from './command.ts';

/**
 * Tells whether two commands under one id are the same: a hash of class name and fields.
 *
 * @throws {UnserializableValue} the command has a cycle, or a field that cannot be read
 */
export function commandFingerprint(command: Command<unknown>): string {
  const { name } = classOf(command);
  return createHash('sha256')
    .update(`${name}:${contentOf(command, name)}`)
    .digest('hex');
}

function contentOf(command: Command<unknown>, name: string): string {
  try {
    return canonicalJson(command);
  } catch (error) {
    const problem = 'cannot be told from other commands under the same id. Give it plain data.';
    throw new UnserializableValue(name, 'command', problem, { cause: error });
  }
}
