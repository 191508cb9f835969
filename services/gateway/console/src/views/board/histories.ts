import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { api, type Schema, take } from '../../api/client';

export type Assignment = Schema<'AssignmentView'>;

const AT_ONCE = 4;
const KEPT = 2_000;
const DECISIONS = 5;

/** The last decisions on conversations, each read again only when its version rose. */
export class Histories {
  readonly #known = new Map<string, Signal<readonly Assignment[] | null>>();
  readonly #asked = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  #running = 0;

  /** Null until it was read. */
  of(id: string): ReadonlySignal<readonly Assignment[] | null> {
    let found = this.#known.get(id);
    if (!found) {
      found = signal(null);
      this.#known.set(id, found);
    }
    return found;
  }

  want(id: string, version: number): void {
    if ((this.#asked.get(id) ?? -1) >= version) return;
    this.#asked.set(id, version);
    this.#waiting.set(id, version);
    this.#work();
  }

  /** Forgets what was wanted first and is not shown, if there is much of it. */
  keep(shown: ReadonlySet<string>): void {
    if (this.#known.size <= KEPT) return;
    for (const id of [...this.#known.keys()].slice(0, KEPT / 2)) {
      if (shown.has(id)) continue;
      this.#known.delete(id);
      this.#asked.delete(id);
      this.#waiting.delete(id);
    }
  }

  #work(): void {
    for (const [id] of this.#waiting) {
      if (this.#running >= AT_ONCE) return;
      this.#waiting.delete(id);
      this.#running += 1;
      void this.#read(id).finally(() => {
        this.#running -= 1;
        this.#work();
      });
    }
  }

  async #read(conversation_id: string): Promise<void> {
    const params = { path: { conversation_id }, query: { limit: DECISIONS } };
    const address = '/v1/conversations/{conversation_id}/assignments';
    try {
      const { items } = await take(api.GET(address, { params }));
      const known = this.#known.get(conversation_id);
      if (known) known.value = items;
    } catch {
      this.#asked.delete(conversation_id);
    }
  }
}
