import { consumerExamples } from './consumer-examples.ts';
import { eventExamples } from './event-examples.ts';
import type { Example } from './operation-examples.ts';
import { projectionExamples } from './projection-examples.ts';

type Media = Readonly<Record<string, object>>;

/** The parts of a document's operation that have examples. */
export interface DescribedOperation {
  readonly parameters?: DescribedParameter[];
  readonly requestBody?: { readonly content?: Media };
  readonly responses?: Readonly<Record<string, { readonly content?: Media }>>;
}

interface DescribedParameter {
  readonly in: string;
  readonly schema?: { examples?: readonly unknown[] };
  example?: unknown;
  examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

const all = { ...eventExamples, ...consumerExamples, ...projectionExamples };
const byAddress = new Map(
  Object.entries(all).map(([address, given]) => [address.replaceAll(/:(\w+)/g, '{$1}'), given]),
);

/** Gives the operation at a path its examples; those of commands and queries come with their routes. */
export function addExamples(method: string, path: string, operation: DescribedOperation): void {
  const given = byAddress.get(`${method.toUpperCase()} ${path}`);
  addTo(operation.requestBody?.content, given?.body);
  for (const [status, answer] of Object.entries(operation.responses ?? {})) {
    addTo(answer.content, given?.answers[Number(status)]);
  }
  for (const parameter of operation.parameters ?? []) if (parameter.in !== 'path') moveToSchema(parameter);
}

function addTo(content: Media | undefined, example: Example | undefined): void {
  if (content === undefined || example === undefined) return;
  for (const media of Object.values(content)) Object.assign(media, example);
}

/* Swagger UI fills in the example of a parameter as if it was meant: whoever tries a list out would find nothing. */
function moveToSchema(parameter: DescribedParameter): void {
  const { schema, example, examples } = parameter;
  const values = examples === undefined ? [example] : Object.values(examples).map(({ value }) => value);
  if (schema === undefined || values[0] === undefined) return;
  schema.examples = values;
  delete parameter.example;
  delete parameter.examples;
}
