/** Headers of a command. */
export const commandHeaders = {
  type: 'object',
  properties: {
    'idempotency-key': {
      ...{ type: 'string', minLength: 1, maxLength: 255 },
      description:
        'Send the same again to repeat safely: the command runs once, and its first result is answered.',
    },
    'correlation-id': {
      ...{ type: 'string', minLength: 1, maxLength: 255 },
      description: 'Of all that comes of the command; default: its id.',
    },
  },
} as const;

/** Headers of a query. */
export const queryHeaders = {
  type: 'object',
  properties: {
    'annals-position': {
      ...{ type: 'string', pattern: '^[0-9]{1,15}$', examples: ['43'] },
      description: 'The `position` of a command: what it changed is seen. 504 if that takes too long.',
    },
  },
} as const;

/** The name of a command or query in an address. */
export const messageInPath = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' } },
} as const;

/** What a command is answered with. */
export const dispatched = {
  examples: [
    {
      ...{ result: null, command_id: 'request-17', correlation_id: 'request-17' },
      ...{ position: 43, repeated: false },
    },
  ],
  description: 'It is done. The header `annals-position` has the position, too.',
  type: 'object',
  required: ['result', 'command_id', 'correlation_id', 'position', 'repeated'],
  properties: {
    result: { description: 'What the handler returned; null for nothing.' },
    command_id: { type: 'string' },
    correlation_id: { type: 'string' },
    position: {
      ...{ type: ['integer', 'null'] },
      description: 'Of the last event that it stored; send it with a query as `annals-position`.',
    },
    repeated: { type: 'boolean', description: 'Whether an earlier request did the work.' },
  },
} as const;

/** What a query is answered with. */
export const answered = {
  description: 'The answer.',
  examples: [{ result: { minutes: 3 } }],
  type: 'object',
  required: ['result'],
  properties: { result: { description: 'What the handler returned; null for nothing.' } },
} as const;
