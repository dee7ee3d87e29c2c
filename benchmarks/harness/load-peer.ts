/** A package that the comparison needs is not installed. */
export class PeerMissing extends Error {
  constructor(packageName: string, cause: unknown) {
    super(
      `The package ${packageName} is not installed. Run "npm ci --prefix benchmarks", ` +
        'or leave the other libraries out with --without-peers.',
      { cause },
    );
    this.name = 'PeerMissing';
  }
}

/**
 * Loads another library, of which only what is used is typed, so that everything compiles without it.
 *
 * @throws {PeerMissing} it is not installed
 */
export async function loadPeer<Peer>(packageName: string): Promise<Peer> {
  try {
    return (await import(packageName)) as Peer;
  } catch (error) {
    throw new PeerMissing(packageName, error);
  }
}
