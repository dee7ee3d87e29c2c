/** A scenario in words: what a person of the business would read. */
export interface ToldStory {
  /** What the story is about. */
  readonly subject: string;
  readonly steps: readonly {
    readonly kind: 'given' | 'when' | 'then';
    readonly lines: readonly string[];
  }[];
}

/** Anything that has a story: a scenario at any stage, or its end. */
export interface Told {
  readonly story: ToldStory;
}
