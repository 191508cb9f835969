/** Counts things by their marks, one change at a time. */
export class Tally {
  readonly #marks = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();

  count(mark: string): number {
    return this.#counts.get(mark) ?? 0;
  }

  put(id: string, marks: readonly string[]): void {
    for (const mark of this.#marks.get(id) ?? []) this.#counts.set(mark, this.count(mark) - 1);
    for (const mark of marks) this.#counts.set(mark, this.count(mark) + 1);
    if (marks.length > 0) this.#marks.set(id, marks);
    else this.#marks.delete(id);
  }
}

/** How many came in each of the last seconds. */
export class Rate {
  readonly #counts: number[];
  #last = 0;

  constructor(seconds: number) {
    this.#counts = new Array<number>(seconds).fill(0);
  }

  /** One more in a second: any one of the last. */
  note(second: number, now: number): void {
    this.#advance(now);
    const age = this.#last - second;
    const length = this.#counts.length;
    if (age < 0 || age >= length) return;
    this.#counts[second % length] = (this.#counts[second % length] ?? 0) + 1;
  }

  /** The counts, the oldest second first, the present one last. */
  read(now: number): number[] {
    this.#advance(now);
    const begin = (this.#last + 1) % this.#counts.length;
    return [...this.#counts.slice(begin), ...this.#counts.slice(0, begin)];
  }

  #advance(now: number): void {
    const length = this.#counts.length;
    const first = Math.max(this.#last + 1, now - length + 1);
    for (let second = first; second <= now; second++) this.#counts[second % length] = 0;
    this.#last = Math.max(this.#last, now);
  }
}
