export interface Order {
  /** The comment that began it. */
  readonly id: string;
  readonly customer: string;
  readonly code: string;
  /** What else was said of it, as it was written: colours, sizes. */
  readonly words: readonly string[];
  readonly phone: string | null;
  /** All comments that belong to it, the oldest first. */
  readonly comments: readonly string[];
}
