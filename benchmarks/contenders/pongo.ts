import { loadPeer } from '../harness/load-peer.ts';
import type { EmmettEvent } from './emmett.ts';
import { foldStatement } from './projectors.ts';
import type { DocumentPer, Statement } from './projectors.ts';

/** A projection as Emmett takes it. */
export type PongoProjection = object;

interface PongoProjections {
  pongoMultiStreamProjection(options: {
    readonly collectionName: string;
    readonly canHandle: readonly string[];
    readonly getDocumentId: (event: EmmettEvent) => string;
    readonly evolve: (document: Statement | null, event: EmmettEvent) => Statement;
  }): PongoProjection;
}

const canHandle = ['account.opened', 'account.deposited', 'account.withdrawn'];

/** Emmett's projection of statements into a collection of Pongo. */
export async function statementsInPongo(
  collectionName: string,
  documentPer: DocumentPer,
): Promise<PongoProjection> {
  const emmett = await loadPeer<PongoProjections>('@event-driven-io/emmett-postgresql');
  return emmett.pongoMultiStreamProjection({
    ...{ collectionName, canHandle },
    getDocumentId: ({ metadata: { streamName, streamPosition } }) =>
      documentPer === 'account' ? streamName : `${streamName}-${streamPosition}`,
    evolve: (document, { type, data }) =>
      foldStatement(document, type, data as unknown as Statement & { amount: number }),
  });
}
