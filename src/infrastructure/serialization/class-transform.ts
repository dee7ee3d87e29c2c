import 'reflect-metadata';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { ValueObject } from '../../domain/index.ts';
import type { Class } from '../../domain/index.ts';

/** What class-transformer makes of an instance, as JSON can carry it. */
export function transformToPlain(instance: object): object {
  return datesToText(instanceToPlain(instance)) as object;
}

/** The instance that class-transformer makes of plain data; its value objects are frozen. */
export function transformToInstance<T extends object>(type: Class<T>, plain: object): T {
  return freezeValues(plainToInstance(type as unknown as new () => T, plain));
}

function datesToText(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(datesToText);
  if (value instanceof Set) return [...value].map(datesToText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, datesToText(field)]));
}

function freezeValues<T extends object>(value: T): T {
  for (const field of childrenOf(value)) {
    if (typeof field === 'object' && field !== null) freezeValues(field);
  }
  return value instanceof ValueObject ? Object.freeze(value) : value;
}

function childrenOf(value: object): Iterable<unknown> {
  return value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
}
