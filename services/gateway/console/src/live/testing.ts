/** A browser, its network and its clock for tests: nothing happens but by `run`. */

import type { Channel, World } from './world';

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

/** What all tabs of a browser share. */
export class FakeBrowser {
  now = Date.parse('2026-11-21T08:00:00Z');
  readonly local = fakeStorage();
  readonly channels = new Map<string, Set<(message: unknown) => void>>();
  readonly locks = new Map<string, (() => void)[]>();
  readonly #timers = new Set<Timer>();

  later(ms: number, then: () => void): () => void {
    const timer = { at: this.now + ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets so much time pass, and everything happen that is due. */
  async run(ms = 0): Promise<void> {
    const until = this.now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until);
      const next = due.sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.then();
      await settle();
    }
    this.now = until;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
}

export class FakeTab implements World {
  readonly local: Storage;
  readonly session = fakeStorage();
  dead = false;
  readonly #wakes = new Set<() => void>();
  readonly #losses = new Set<() => void>();
  #keys = 0;

  constructor(
    readonly browser: FakeBrowser,
    private readonly server: (address: string, init: RequestInit) => Promise<Response>,
    readonly name = 'tab',
  ) {
    this.local = browser.local;
  }

  readonly http = (address: string, init: RequestInit = {}) => this.server(address, init);
  now = () => this.browser.now;
  later = (ms: number, then: () => void) => this.browser.later(ms, () => this.dead || then());
  frame = (then: () => void) => void this.later(16, then);
  random = () => 0.5;
  newKey = () => `${this.name}-${++this.#keys}`;
  visible = () => true;

  onWake(then: () => void): () => void {
    this.#wakes.add(then);
    return () => this.#wakes.delete(then);
  }

  wake(): void {
    for (const then of [...this.#wakes]) then();
  }

  onOffline(then: () => void): () => void {
    this.#losses.add(then);
    return () => this.#losses.delete(then);
  }

  loseNetwork(): void {
    for (const then of [...this.#losses]) then();
  }

  channel(name: string): Channel {
    const all = this.browser.channels.get(name) ?? new Set();
    this.browser.channels.set(name, all);
    let own: (message: unknown) => void = () => {};
    return {
      post: (message) => {
        if (this.dead) return;
        for (const heard of all) {
          if (heard !== own) this.browser.later(0, () => heard(structuredClone(message)));
        }
      },
      listen: (heard) => {
        own = (message) => this.dead || heard(message);
        all.add(own);
      },
      close: () => all.delete(own),
    };
  }

  lead(name: string, then: () => void): () => void {
    const waiting = this.browser.locks.get(name) ?? [];
    this.browser.locks.set(name, waiting);
    const held = () => this.dead || then();
    waiting.push(held);
    if (waiting.length === 1) this.browser.later(0, held);
    const release = () => {
      const place = waiting.indexOf(held);
      if (place >= 0) waiting.splice(place, 1);
      const next = waiting[0];
      if (place === 0 && next !== undefined) this.browser.later(0, next);
    };
    this.#releases.push(release);
    return release;
  }

  readonly #releases: (() => void)[] = [];

  /** The tab is gone, without a word. */
  die(): void {
    this.dead = true;
    for (const release of this.#releases) release();
  }

  onStored(): () => void {
    return () => {};
  }
}

function fakeStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}
