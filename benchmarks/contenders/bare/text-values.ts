/** Tells `pg` to hand out rows as arrays of what PostgreSQL sent, without parsing any of it. */
export const textValues = {
  rowMode: 'array',
  types: {
    getTypeParser:
      () =>
      (value: unknown): unknown =>
        value,
  },
} as const;
