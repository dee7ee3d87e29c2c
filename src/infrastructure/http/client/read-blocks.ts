/** A block of an event stream. */
export interface Block {
  readonly id: string | undefined;
  /** Undefined in a block that only says how far the stream is. */
  readonly data: string | undefined;
}

/** The blocks of an event stream (SSE), as Annals writes them: lines end with `\n`. @param onBytes - something came */
export async function* blocksIn(body: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<Block> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    onBytes();
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    // The last one is not complete yet; if the connection ends here, it comes again.
    text = blocks.pop() ?? '';
    for (const block of blocks) yield readBlock(block);
  }
}

function readBlock(block: string): Block {
  const lines = block.split('\n');
  const field = (name: string): string | undefined =>
    lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2);
  return { id: field('id'), data: field('data') };
}
