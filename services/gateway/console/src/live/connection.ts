/** The stream's one connection: an own reader, which comes back by itself (I13). */

import { DOUBTFUL_MS, SILENCE_MS, waitBefore } from '../core/backoff';
import { type LiveEvent, readEvent } from '../core/events';
import { SentEvents } from '../core/sse';
import { asProblem } from './asking';
import type { Connection } from './store';
import type { World } from './world';

interface Heard {
  /** The stream is open: it contains everything after `from`; null is from now on. */
  opened(from: string | null): void;
  /** `last` is the id to resume after. */
  events(events: LiveEvent[], last: string | null): void;
  /** Something came, if only a sign of life: every 15 s, also where timers run late. */
  alive(): void;
  state(state: Connection): void;
}

export class StreamConnection {
  readonly #world: World;
  readonly #heard: Heard;
  #last: string | null;
  #stopped = false;
  #abort = new AbortController();
  #wake: () => void = () => {};
  #stops: (() => void)[] = [];
  /** When something came last, or was asked for. */
  #alive = 0;

  /** `last` is the id of an event, or a position, after which it begins. */
  constructor(world: World, last: string | null, heard: Heard) {
    this.#world = world;
    this.#last = last;
    this.#heard = heard;
  }

  start(): void {
    this.#stops = [
      this.#world.onWake(() => this.#lookAgain()),
      // Its connections may seem to be open for long after.
      this.#world.onOffline(() => this.#abort.abort()),
    ];
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    this.#abort.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    this.#heard.state('connecting');
    for (let attempts = 0; !this.#stopped; attempts++) {
      try {
        const response = await this.#open();
        attempts = -1;
        await this.#readAll(response);
      } catch (failure) {
        const { status } = asProblem(failure);
        if ((status === 401 || status === 403) && !this.#stopped) {
          this.#heard.state('ended');
          return;
        }
      }
      if (this.#stopped) return;
      this.#heard.state('reconnecting');
      await this.#pause(waitBefore(Math.max(attempts, 0), this.#world.random()));
    }
  }

  async #open(): Promise<Response> {
    this.#abort = new AbortController();
    this.#alive = this.#world.now();
    const from = this.#last;
    const quiet = this.#world.later(SILENCE_MS, () => this.#abort.abort());
    try {
      const response = await this.#world.http('/v1/events', {
        headers: from === null ? {} : { 'Last-Event-ID': from },
        signal: this.#abort.signal,
      });
      this.#heard.opened(from);
      this.#heard.state('open');
      return response;
    } finally {
      quiet();
    }
  }

  async #readAll(response: Response): Promise<void> {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    const decoder = new TextDecoder();
    const parser = new SentEvents();
    try {
      while (!this.#stopped) {
        const quiet = this.#world.later(SILENCE_MS, () => void reader.cancel().catch(() => {}));
        const { done, value } = await reader.read().finally(quiet);
        if (done) return;
        this.#alive = this.#world.now();
        this.#heard.alive();
        this.#hear(parser, decoder.decode(value, { stream: true }));
      }
    } finally {
      void reader.cancel().catch(() => {});
    }
  }

  #hear(parser: SentEvents, piece: string): void {
    const found: LiveEvent[] = [];
    for (const { type, data, id } of parser.read(piece)) {
      if (id !== '') this.#last = id;
      const event = readEvent(type, data);
      if (event !== null) found.push(event);
    }
    if (found.length > 0) this.#heard.events(found, this.#last);
  }

  #lookAgain(): void {
    this.#wake();
    if (this.#world.now() - this.#alive > DOUBTFUL_MS) this.#abort.abort();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#world.later(ms, resolve);
      this.#wake = () => {
        cancel();
        this.#wake = () => {};
        resolve();
      };
    });
  }
}
