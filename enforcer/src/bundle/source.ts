/** Where bundles come from: the port that each kind of source fills in. Nothing that comes out of it is believed. */

export type Fetched =
  /** What `known` named is still the newest. */
  | { readonly kind: 'unchanged' }
  /** `tag` names this very state of the source, to be given back as `known`. */
  | { readonly kind: 'candidate'; readonly bytes: Uint8Array; readonly tag: string };

export interface BundleSource {
  /** For people. */
  readonly name: string;
  /**
   * The newest bundle there is. Rejects with a `SluiceError` when the source cannot be read, or holds more than
   * a bundle may have.
   */
  fetch(known: string | undefined, signal: AbortSignal): Promise<Fetched>;
  /**
   * Calls `onHint` when there may be something new, until `signal` is aborted. A hint that is lost only costs
   * time: the caller polls as well.
   */
  watch(onHint: () => void, signal: AbortSignal): void;
}
