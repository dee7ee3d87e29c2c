import type { Class } from '../../../domain/index.ts';

const usableName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * The name of a command or query in addresses: its static `messageName`, or else the name of its class in kebab-case.
 *
 * `PlaceOrder` is `place-order`. Code that is minified loses the names of classes and needs the static ones.
 */
export function messageNameOf(messageClass: Class): string {
  const { messageName, name } = messageClass as { readonly messageName?: unknown; readonly name: string };
  return typeof messageName === 'string' ? messageName : kebabCase(name);
}

/** Whether a name can stand in an address as it is. */
export function isUsableName(name: string): boolean {
  return usableName.test(name);
}

function kebabCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replaceAll(/[_$]+/g, '-')
    .toLowerCase();
}
