import { DeciderAggregate, aggregateTypeOf } from '../../domain/index.ts';
import type { AggregateClass, AggregateRoot, Class } from '../../domain/index.ts';
import { copiesItself, ownSnapshot, takeOwnSnapshot } from '../../domain/aggregate-root.ts';
import { classOf, isPlainObject } from '../../domain/class.ts';
import { restoreState } from '../../domain/decider.ts';
import { UnserializableValue } from '../../application/ports/event-store-errors.ts';
import type { SnapshotSerializer } from '../../application/ports/snapshot-serializer.ts';
import { toJsonText } from '../../application/events/json-text.ts';
import { UnfitSnapshot } from '../../application/snapshots/unfit-snapshot.ts';
import { checkCopyable } from './check-copyable.ts';
import { transformToInstance, transformToPlain } from './class-transform.ts';
import { copyState } from './copy-state.ts';
import { checkDeclaredFields, hasTransformerMetadata } from './declared-fields.ts';
import { firstDifference } from './first-difference.ts';
import { unsetFields, unsetFieldsIn, withNulls } from './unset-fields.ts';
import type { FieldPath } from './unset-fields.ts';

/** What is kept of a state, as JSON. */
interface Kept {
  readonly state?: unknown;
  /** Where the state has a field that is undefined, and stands as null. */
  readonly unset?: readonly FieldPath[];
}

/** How the state of one aggregate class becomes plain data and comes back. */
interface Codec {
  readonly toPlain: (aggregate: AggregateRoot) => unknown;
  /** Refuses what no single value of the plain data shows; asked once that is known to be JSON. */
  readonly check: (aggregate: AggregateRoot) => void;
  readonly restore: (aggregate: AggregateRoot, plain: unknown) => void;
}

/**
 * Serializes the fields of aggregates and the states of deciders: by class-transformer where a class carries its
 * decorators, directly where not, and by `toSnapshot` and `fromSnapshot` where an aggregate has them.
 *
 * Whatever would not come back as what it is is refused: what class-transformer makes of a state is read back at once and
 * compared.
 */
export class JsonSnapshotSerializer implements SnapshotSerializer {
  readonly #codecs = new Map<Class, Codec>();

  serialize(aggregate: AggregateRoot): string {
    const { toPlain, check } = this.#codecOf(aggregate);
    const text = toText(toPlain(aggregate), aggregateTypeOf(classOf(aggregate)));
    check(aggregate);
    return text;
  }

  restore(aggregate: AggregateRoot, state: string): void {
    this.#codecOf(aggregate).restore(aggregate, fromText(state));
  }

  #codecOf(aggregate: AggregateRoot): Codec {
    const aggregateClass = classOf(aggregate) as AggregateClass;
    let codec = this.#codecs.get(aggregateClass);
    if (codec === undefined) {
      codec = newCodec(aggregateClass);
      this.#codecs.set(aggregateClass, codec);
    }
    return codec;
  }
}

function toText(state: unknown, aggregateType: string): string {
  const unset = unsetFieldsIn(state);
  const kept: Kept = unset.length === 0 ? { state } : { state: withNulls(state, unset), unset };
  return toJsonText(kept, aggregateType, 'snapshot');
}

function fromText(text: string): unknown {
  const { state, unset = [] } = JSON.parse(text) as Kept;
  unsetFields(state, unset);
  return state;
}

function newCodec(aggregateClass: AggregateClass): Codec {
  const type = aggregateTypeOf(aggregateClass);
  if (copiesItself(aggregateClass)) {
    return { toPlain: ownSnapshot, check: () => undefined, restore: takeOwnSnapshot };
  }
  const fresh = new aggregateClass();
  if (fresh instanceof DeciderAggregate) return deciderCodec(type, fresh.state);
  const { toPlain, toInstance } = shapeOf(type, aggregateClass);
  const names = Object.keys(hasTransformerMetadata(aggregateClass) ? transformToPlain(fresh) : fresh);
  return {
    check: aggregate => checkCopyable(aggregate, type),
    toPlain(aggregate) {
      const plain = toPlain(aggregate);
      const lost = missingIn(plain, names);
      if (lost === undefined) return plain;
      throw new UnserializableValue(
        type,
        `state.${lost}`,
        'was removed, and would come back. Set it undefined.',
      );
    },
    restore(aggregate, plain) {
      const unknown = missingIn(plain as object, names);
      if (unknown !== undefined) {
        throw new UnfitSnapshot(
          type,
          `lacks the field "${unknown}" that the class has. Change snapshots.version.`,
        );
      }
      Object.assign(aggregate, toInstance(plain as object));
    },
  };
}

function missingIn(plain: object, names: readonly string[]): string | undefined {
  return names.find(name => !Object.hasOwn(plain, name));
}

/* A decider may begin with an instance of a class; every state is one of it then. */
function deciderCodec(type: string, initial: unknown): Codec {
  const stateClass = instanceClassOf(initial);
  const shape = stateClass && shapeOf(type, stateClass);
  const stateOf = (aggregate: AggregateRoot): unknown =>
    (aggregate as DeciderAggregate<unknown, object, unknown>).state;
  return {
    check: aggregate => checkCopyable(stateOf(aggregate), type),
    toPlain(aggregate) {
      const state = stateOf(aggregate);
      const found = instanceClassOf(state);
      if (found !== stateClass) {
        const [is, begins] = [found, stateClass].map(kind => kind?.name ?? 'plain data');
        throw new UnserializableValue(
          type,
          'state',
          `is ${is}, and began as ${begins}. Keep to one of them.`,
        );
      }
      return shape === undefined ? state : shape.toPlain(state as object);
    },
    restore(aggregate, plain) {
      const state = shape === undefined ? plain : shape.toInstance(plain as object);
      restoreState(aggregate as DeciderAggregate<unknown, object, unknown>, state);
    },
  };
}

function instanceClassOf(value: unknown): Class | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return isPlainObject(value) ? undefined : classOf(value);
}

/** How instances of a class become plain data and come back. */
interface Shape {
  readonly toPlain: (instance: object) => object;
  readonly toInstance: (plain: object) => object;
}

function shapeOf(type: string, shapeClass: Class): Shape {
  if (hasTransformerMetadata(shapeClass)) return transformedShape(type, shapeClass);
  const prototype = shapeClass.prototype as object;
  return {
    toPlain: instance => ({ ...instance }),
    toInstance: plain => Object.assign(Object.create(prototype) as object, plain),
  };
}

function transformedShape(type: string, shapeClass: Class): Shape {
  const toInstance = (plain: object): object => transformToInstance(shapeClass, plain);
  return {
    toInstance,
    toPlain(instance) {
      checkDeclaredFields(instance, type, 'state');
      // Of a copy, because class-transformer writes discriminators into what it reads.
      const plain = transformToPlain(copyState(instance));
      const back = toInstance(fromText(toText(plain, type)) as object);
      const lost = firstDifference(instance, back, 'state');
      if (lost === undefined) return plain;
      const problem = 'would not come back as what it is. Check its @Type, @Transform, @Expose and @Exclude.';
      throw new UnserializableValue(type, lost, problem);
    },
  };
}
