/** The example of a body or an answer, as a media type of OpenAPI has it: one, or several by name. */
export type Example =
  | { readonly example: unknown }
  | { readonly examples: Readonly<Record<string, { readonly value: unknown }>> };

/** How an operation is called, and what it then answers, by status. */
export interface OperationExamples {
  readonly body?: Example;
  readonly answers: Readonly<Record<number, Example>>;
}

/** One example. */
export function one(example: unknown): Example {
  return { example };
}

/** Several examples, by names that say what sets them apart. */
export function several(values: Readonly<Record<string, unknown>>): Example {
  return { examples: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])) };
}

/** Of an operation without a body that answers 200. */
export function answering(value: unknown): OperationExamples {
  return { answers: { 200: one(value) } };
}
