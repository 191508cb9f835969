/** Says who has a conversation open and writes there (I14). */

import { ask } from './asking';
import type { World } from './world';

const REPEATED_MS = 5_000;
/** So long after the last key one does not write any more. */
const TYPING_MS = 4_000;

export class Viewing {
  readonly #world: World;
  readonly #address: string;
  #on = false;
  #typing = false;
  #cancel: () => void = () => {};
  #cancelTyping: () => void = () => {};

  /** `isThere` says whether the viewer may see the conversation at the moment. */
  constructor(
    world: World,
    conversation: string,
    private readonly isThere: () => boolean = () => true,
  ) {
    this.#world = world;
    this.#address = `/v1/conversations/${encodeURIComponent(conversation)}/viewing`;
  }

  start(): void {
    if (this.#on) return;
    this.#on = true;
    this.#say();
  }

  typing(is: boolean): void {
    this.#cancelTyping();
    if (is) this.#cancelTyping = this.#world.later(TYPING_MS, () => this.typing(false));
    if (is === this.#typing) return;
    this.#typing = is;
    if (this.#on) this.#say();
  }

  stop(): void {
    this.#on = false;
    this.#cancel();
    this.#cancelTyping();
  }

  #say(): void {
    this.#cancel();
    this.#cancel = this.#world.later(REPEATED_MS, () => this.#say());
    if (this.#world.visible() && this.isThere()) {
      void ask(this.#world.http, 'PUT', this.#address, { typing: this.#typing });
    }
  }
}
