const RealDate = Date;

/** Makes the clock of this process wrong by so much, from now on; time goes on as fast as before. */
export function shiftClock(byMs: number): void {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given: unknown[], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [RealDate.now() + byMs] : given, newTarget) as Date,
    get: (target, name) =>
      name === 'now' ? () => RealDate.now() + byMs : (Reflect.get(target, name) as unknown),
  });
}

/** Makes it right again. */
export function resetClock(): void {
  globalThis.Date = RealDate;
}
