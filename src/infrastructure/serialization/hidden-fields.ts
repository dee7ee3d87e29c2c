import { AggregateRoot, DeciderAggregate } from '../../domain/index.ts';
import type { Class } from '../../domain/index.ts';

// What compilers make of fields of JavaScript's own (#private) for older runtimes.
const compiled = /__classPrivateField|_class_private_field|_classPrivateField/;
// A declaration, which a method, a static field and a use are not.
const declared = /(?<![\w$.#]|\bstatic\s+)#[\p{L}_$][\p{L}\p{N}_$]*\s*(?:=(?!=)|;|\})/u;
const commentsAndTexts = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

const known = new WeakMap<Class, boolean>();

/**
 * Whether instances of a class have fields that nobody can see from outside: `#private` ones.
 *
 * Read in the source of the class and its bases, because the language has no other way to ask. Methods and static
 * fields do not count.
 */
export function hasHiddenFields(type: Class): boolean {
  let hasHidden = known.get(type);
  if (hasHidden === undefined) {
    hasHidden = basesOf(type).some(base => {
      const source = Function.prototype.toString.call(base).replaceAll(commentsAndTexts, ' ');
      return declared.test(source) || compiled.test(source);
    });
    known.set(type, hasHidden);
  }
  return hasHidden;
}

/* Those of Annals' own are no part of the state. */
function basesOf(type: Class): Class[] {
  const bases: Class[] = [];
  for (
    let base: unknown = type;
    typeof base === 'function' && base !== AggregateRoot && base !== DeciderAggregate;
    base = Object.getPrototypeOf(base)
  ) {
    if (base !== Function.prototype) bases.push(base as Class);
  }
  return bases;
}
