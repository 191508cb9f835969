/** Which agents are online, their names, and the viewer's own presence (R8). */

import { type Signal, signal } from '@preact/signals';
import type { Presence, Status } from '../core/model';
import { ask, type Page, read } from './asking';
import type { Answer } from './store';
import type { World } from './world';

interface Listed {
  readonly agent_id: string;
  readonly name: string;
  readonly presence: Status;
  readonly cause: string | null;
}

const HEARTBEAT_MS = 10_000;

export class People {
  readonly presence: Signal<ReadonlyMap<string, Presence>> = signal(new Map());
  readonly names: Signal<ReadonlyMap<string, string>> = signal(new Map());
  readonly #world: World;
  readonly #me: string;
  readonly #wanted: string;
  #cancel: () => void = () => {};
  #beaten = 0;
  #load = 0;
  #newer = new Map<string, Presence>();

  constructor(world: World, me: string, prefix: string) {
    this.#world = world;
    this.#me = me;
    this.#wanted = `${prefix}presence`;
  }

  async load(): Promise<void> {
    const load = ++this.#load;
    this.#newer = new Map();
    const found: Listed[] = [];
    let cursor: string | null = null;
    do {
      const from: Record<string, string> = cursor === null ? {} : { cursor };
      const page: Page<Listed> = await read(this.#world.http, '/v1/presence', {
        limit: '200',
        ...from,
      });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    if (load !== this.#load) return;
    const listed = found.map(({ agent_id, presence, cause }): [string, Presence] => [
      agent_id,
      { agent_id, status: presence, cause },
    ]);
    // What came live meanwhile is newer than the list.
    this.presence.value = new Map([...listed, ...this.#newer]);
    this.names.value = new Map(found.map(({ agent_id, name }) => [agent_id, name]));
  }

  changed({ agent_id, status, cause }: Presence): void {
    const presence = { agent_id, status, cause };
    this.#newer.set(agent_id, presence);
    this.presence.value = new Map(this.presence.value).set(agent_id, presence);
  }

  async set(status: Status): Promise<Answer> {
    this.#world.local.setItem(this.#wanted, status);
    return ask(this.#world.http, 'PUT', '/v1/presence', { status });
  }

  /** Keeps the viewer's session alive; if it lapsed while the machine slept, opens it again. */
  beat(): void {
    this.#beaten = this.#world.now();
    this.#cancel = this.#world.later(HEARTBEAT_MS, () => this.beat());
    const wanted = this.#world.local.getItem(this.#wanted);
    if (wanted === null || wanted === 'offline') return;
    const { status, cause } = this.presence.value.get(this.#me) ?? {};
    if (status === 'offline' && cause === 'lease_expired') void this.set(wanted as Status);
    else void ask(this.#world.http, 'POST', '/v1/presence/heartbeat', {});
  }

  /** Called when something comes from the server: browsers let the timers of a tab that was hidden for
   * a while run once a minute, which is too late to stay online. */
  keepAlive(): void {
    if (this.#world.now() - this.#beaten < HEARTBEAT_MS) return;
    this.#cancel();
    this.beat();
  }

  close(): void {
    this.#load++;
    this.#cancel();
  }
}
