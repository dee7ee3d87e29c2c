import { AsyncLocalStorage } from 'node:async_hooks';

/** What code finds around it that is no input of it: the time on the wall, and chance. */
export interface Weather {
  /** How far the machine's clock is off. */
  readonly shiftMs: number;
  /** When the machine's clock stands still, besides being off; without it, it goes. */
  readonly standsAtMs?: number;
  /** Stands in for `Math.random`, the real one of which it is given. */
  readonly random: (real: () => number) => number;
}

/** Another year and another day, so that no rounding hides that a clock was read. */
export const otherDayMs = 400 * 24 * 60 * 60 * 1000 + 1_234_567;

/** That other day, with dice that always fall alike. */
export const otherDay: Weather = { shiftMs: otherDayMs, random: () => 0.123_456_789 };

const current = new AsyncLocalStorage<Weather>();
let isInstalled = false;

/**
 * Runs `work` in this weather; everything else in the process goes on in its own.
 *
 * From the first time on, `Date` and `Math.random` of this realm look up in which weather they are called, and are as
 * ever outside of any.
 */
export async function runInWeather<T>(weather: Weather, work: () => Promise<T>): Promise<T> {
  if (!isInstalled) install();
  return current.run(weather, work);
}

function install(): void {
  isInstalled = true;
  const { random } = Math;
  Math.random = () => current.getStore()?.random(random) ?? random();
  let real = globalThis.Date;
  let moved = dateThatAsks(real);
  // Fake timers of a test runner may put their own in its place, and take it back.
  const set = (value: DateConstructor): void => {
    real = value;
    moved = dateThatAsks(value);
  };
  // Jest takes apart what was assigned to the global object once a test file ends; an accessor it leaves alone.
  const get = (): DateConstructor => (isAsUsual(current.getStore()) ? real : moved);
  Object.defineProperty(globalThis, 'Date', { configurable: true, enumerable: false, get, set });
}

function isAsUsual(weather: Weather | undefined): boolean {
  return weather === undefined || (weather.shiftMs === 0 && weather.standsAtMs === undefined);
}

function dateThatAsks(real: DateConstructor): DateConstructor {
  const now = (): number => {
    const { shiftMs = 0, standsAtMs = real.now() } = current.getStore() ?? {};
    return standsAtMs + shiftMs;
  };
  return new Proxy(real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new real(now()).toString(),
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });
}
