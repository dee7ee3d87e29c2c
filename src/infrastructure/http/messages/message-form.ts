import type { Class } from '../../../domain/index.ts';
import type { StandardSchema } from '../../../application/index.ts';
import { markMade, schemaOf, validated } from '../../../application/validation.ts';
import { InvalidRequest, invalidRequest } from '../http-errors.ts';
import type { RequestIssue } from '../http-errors.ts';
import { coerceTexts } from './coerce-texts.ts';
import { sampleOf } from './sample-of.ts';

/** The fields of a message as a request gives them. */
export type GivenFields = Readonly<Record<string, unknown>>;

/** The fields that a class without a schema has, and whether they must be given: those that are undefined must. */
type KnownFields = ReadonlyMap<string, unknown>;

/**
 * Makes the messages of one class from JSON.
 *
 * A static `schema` says what is valid. Without one, all fields that the constructor sets are to be given, whatever
 * their values are, but those that have a default; others are refused.
 */
export class MessageForm {
  readonly messageClass: Class;
  readonly #schema: StandardSchema | undefined;
  readonly #known: KnownFields;
  /** The fields, as JSON Schema. */
  readonly jsonSchema: Readonly<Record<string, unknown>>;

  private constructor(messageClass: Class, schema: StandardSchema | undefined, known: KnownFields) {
    this.messageClass = messageClass;
    this.#schema = schema;
    this.#known = known;
    this.jsonSchema = schema === undefined ? jsonSchemaOf(known) : declaredJsonSchema(schema);
  }

  /** The form of a class; undefined if it has no schema, and its constructor does not work without arguments. */
  static of(messageClass: Class): MessageForm | undefined {
    const schema = schemaOf(messageClass);
    const known = schema === undefined ? knownFields(messageClass) : new Map<string, unknown>();
    return known && new MessageForm(messageClass, schema, known);
  }

  /** The same with an example, as far as one can be told from the schema. */
  get bodySchema(): Readonly<Record<string, unknown>> {
    const sample = sampleOf(this.jsonSchema);
    return sample === undefined ? this.jsonSchema : { examples: [sample], ...this.jsonSchema };
  }

  /**
   * A message with these fields.
   *
   * @param part - where they stand, to be named in errors
   * @throws {ValidationFailed} they do not satisfy the schema
   * @throws {InvalidRequest} without a schema: they are not the fields of the class
   */
  async make(given: GivenFields, part = 'body'): Promise<object> {
    this.#refuseInherited(given, part);
    const fields =
      this.#schema === undefined
        ? this.#complete(given, part)
        : await validated(this.messageClass, this.#schema, given);
    const message = Object.assign(Object.create(this.messageClass.prototype as object) as object, fields);
    markMade(message);
    return message;
  }

  /** A message from texts of an address; numbers and booleans are read where the schema says so. */
  async makeFromTexts(given: GivenFields): Promise<object> {
    return this.make(coerceTexts(given, this.jsonSchema), 'query');
  }

  /* A field would hide what the class itself does. */
  #refuseInherited(given: GivenFields, part: string): void {
    const prototype = this.messageClass.prototype as object;
    const name = Object.keys(given).find(field => field in prototype);
    if (name !== undefined) throw invalidRequest(`${part}/${name}`, 'is the name of a method and no field');
  }

  #complete(given: GivenFields, part: string): GivenFields {
    const names = [...this.#known.keys()];
    const issue = (name: string, message: string): RequestIssue => ({
      path: `${part}/${name.slice(0, 100)}`,
      message,
    });
    const unknown = Object.keys(given)
      .filter(name => !this.#known.has(name))
      .map(name => issue(name, `is no field; there are: ${names.join(', ') || 'none'}`));
    const missing = names
      .filter(name => given[name] === undefined && this.#known.get(name) === undefined)
      .map(name => issue(name, 'must be given'));
    if (unknown.length + missing.length > 0) throw new InvalidRequest([...unknown.slice(0, 10), ...missing]);
    return { ...initialFields(this.messageClass), ...given };
  }
}

/* Made once without arguments at the start, only to see which fields there are. */
function knownFields(messageClass: Class): KnownFields | undefined {
  try {
    return new Map(Object.entries(initialFields(messageClass)));
  } catch {
    return undefined;
  }
}

/* Anew for each message: a default may be an id, the time, or a list that its handler fills. */
function initialFields(messageClass: Class): GivenFields {
  return { ...new (messageClass as unknown as new () => object)() };
}

function jsonSchemaOf(known: KnownFields): Readonly<Record<string, unknown>> {
  const names = [...known.keys()];
  return {
    ...{ type: 'object', additionalProperties: false },
    required: names.filter(name => known.get(name) === undefined),
    properties: Object.fromEntries(names.map(name => [name, {}])),
  };
}

/* Not every library has it, nor every schema an equal in JSON Schema: a transformation, a date. */
function declaredJsonSchema(schema: StandardSchema): Readonly<Record<string, unknown>> {
  try {
    const found = schema['~standard'].jsonSchema?.input({ target: 'draft-2020-12' }) ?? { type: 'object' };
    const { $schema: _dialect, ...declared } = found;
    return declared;
  } catch {
    return { type: 'object' };
  }
}
