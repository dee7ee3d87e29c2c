import { MissingPackage } from '../../application/missing-package.ts';

/** Loads an optional package. @throws {MissingPackage} it is not installed */
export async function loadPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new MissingPackage(name, 'The HTTP face', error);
  }
}
