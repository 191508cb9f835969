/** Drafts, stored by viewer and conversation: each write says for which conversation it is, so that
 * no text gets to another one while one switches. */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Drafts } from './store';
import type { World } from './world';

export class StoredDrafts implements Drafts {
  readonly #world: World;
  readonly #prefix: string;
  readonly #signals = new Map<string, Signal<boolean>>();
  readonly #ignore: () => void;

  constructor(world: World, prefix: string) {
    this.#world = world;
    this.#prefix = `${prefix}draft:`;
    this.#ignore = world.onStored((key) => {
      if (key.startsWith(this.#prefix)) this.#say(key.slice(this.#prefix.length));
    });
  }

  read(conversation: string): string {
    return this.#world.local.getItem(this.#prefix + conversation) ?? '';
  }

  write(conversation: string, text: string): void {
    if (text.trim() === '') this.#world.local.removeItem(this.#prefix + conversation);
    else this.#world.local.setItem(this.#prefix + conversation, text);
    this.#say(conversation);
  }

  /** The conversations in which something is written. */
  list(): string[] {
    const { local } = this.#world;
    const keys = Array.from({ length: local.length }, (_, index) => local.key(index) ?? '');
    return keys
      .filter((key) => key.startsWith(this.#prefix))
      .map((key) => key.slice(this.#prefix.length));
  }

  has(conversation: string): ReadonlySignal<boolean> {
    let found = this.#signals.get(conversation);
    if (found === undefined) {
      found = signal(this.read(conversation) !== '');
      this.#signals.set(conversation, found);
    }
    return found;
  }

  close(): void {
    this.#ignore();
  }

  #say(conversation: string): void {
    const known = this.#signals.get(conversation);
    if (known !== undefined) known.value = this.read(conversation) !== '';
  }
}
