/* The package keeps its metadata here and exports no way to ask for it. */
declare module 'class-transformer/cjs/storage.js' {
  interface TransformTypeMetadata {
    readonly reflectedType: unknown;
    readonly typeFunction: () => unknown;
    readonly options: { readonly discriminator?: unknown } | undefined;
  }
  interface MetadataStorage {
    readonly _typeMetadatas: Map<unknown, Map<string, TransformTypeMetadata>>;
    readonly _transformMetadatas: Map<unknown, Map<string, unknown>>;
    readonly _exposeMetadatas: Map<unknown, Map<string | undefined, unknown>>;
    readonly _excludeMetadatas: Map<unknown, Map<string | undefined, unknown>>;
    findTypeMetadata(target: unknown, propertyName: string): TransformTypeMetadata | undefined;
  }
  export const defaultMetadataStorage: MetadataStorage;
}
