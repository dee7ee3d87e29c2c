import type { Class } from '../../domain/index.ts';

/** Waits until a projection has handled what a command wrote. */
export interface ProjectionWaiter {
  /**
   * Refuses what cannot be waited for.
   *
   * @throws {UnknownProjection} no module lists the projector
   * @throws {WaitForItself} a handler of the projection asks for it
   */
  requireProjection(projector: Class): void;

  /** @throws {ProjectionWaitTimeout} it did not get there in time; the command did commit */
  waitFor(
    projector: Class,
    position: number,
    options: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<void>;
}
