/** The time, as the application sees it; tests use a fixed one. */
export interface Clock {
  now(): Date;
}
