/** One stream for all tabs: the tab that leads reads it and tells the others. If it dies, another
 * one leads, and goes on after the last event that it was told. */

import type { LiveEvent } from '../core/events';
import { StreamConnection } from './connection';
import type { Connection } from './store';
import type { Channel, World } from './world';

interface Heard {
  /** A stream that contains everything from now on, and perhaps not what came before. */
  began(): void;
  events(events: LiveEvent[]): void;
  state(state: Connection): void;
  leads(): void;
  /** The viewer has logged out in another tab. */
  left(): void;
  /** In the tab that leads: something came, see `StreamConnection`. */
  alive(): void;
}

type Told =
  | { kind: 'hello' }
  | { kind: 'opened'; from: string | null }
  | { kind: 'events'; events: LiveEvent[]; last: string | null }
  | { kind: 'state'; state: Connection; last: string | null }
  | { kind: 'logout' };

/** Tabs of all viewers hear here who logged in last: they share one session. */
const LOGINS = 'tuyen:logins';

export class Tabs {
  readonly #world: World;
  readonly #heard: Heard;
  readonly #channel: Channel;
  readonly #logins: Channel;
  readonly #giveUp: () => void;
  #connection: StreamConnection | null = null;
  #state: Connection = 'waiting';
  /** The id of the last event that this tab heard of. */
  #last: string | null = null;
  /** Who has which conversation open: said when it changes, so new tabs have to be told. */
  readonly #viewers = new Map<string, LiveEvent>();
  #closed = false;

  /** Tabs with the same name are led by one: those of one viewer. */
  constructor(world: World, name: string, heard: Heard) {
    this.#world = world;
    this.#heard = heard;
    this.#channel = world.channel(name);
    this.#channel.listen((told) => this.#listen(told as Told));
    this.#logins = world.channel(LOGINS);
    this.#logins.listen((other) => this.#closed || other === name || this.#end());
    this.#logins.post(name);
    this.#tell({ kind: 'hello' });
    this.#giveUp = world.lead(name, () => this.#lead());
  }

  /** With `logout` in all tabs. */
  close(logout: boolean): void {
    if (logout) this.#tell({ kind: 'logout' });
    this.#closed = true;
    this.#connection?.stop();
    this.#giveUp();
    this.#channel.close();
    this.#logins.close();
  }

  #end(): void {
    this.#closed = true;
    this.#connection?.stop();
    this.#giveUp();
    this.#setState('ended');
  }

  #lead(): void {
    if (this.#closed) return;
    this.#heard.leads();
    this.#connection = new StreamConnection(this.#world, this.#last, {
      opened: (from) => {
        this.#tell({ kind: 'opened', from });
        this.#open(from);
      },
      events: (events, last) => {
        this.#tell({ kind: 'events', events, last });
        this.#take(events, last);
      },
      alive: () => this.#heard.alive(),
      state: (state) => {
        this.#setState(state);
        this.#tell({ kind: 'state', state, last: this.#last });
      },
    });
    this.#connection.start();
  }

  #listen(told: Told): void {
    if (this.#closed) return;
    switch (told.kind) {
      case 'hello':
        if (this.#connection !== null) {
          this.#tell({ kind: 'state', state: this.#state, last: this.#last });
          this.#tell({ kind: 'events', events: [...this.#viewers.values()], last: this.#last });
        }
        return;
      case 'opened':
        this.#open(told.from);
        return;
      case 'logout':
        this.#heard.left();
        this.#end();
        return;
      case 'events':
        this.#take(told.events, told.last);
        return;
      case 'state':
        // Heard first by a tab that was just opened: what comes from now on is complete.
        if (this.#state === 'waiting' && told.state === 'open') {
          this.#last = told.last;
          this.#heard.began();
        }
        this.#setState(told.state);
    }
  }

  #open(from: string | null): void {
    if (from === null || from !== this.#last) {
      this.#last = from;
      this.#heard.began();
    }
  }

  #take(events: LiveEvent[], last: string | null): void {
    this.#last = last;
    for (const event of events) {
      if (event.type !== 'conversation.viewers') continue;
      if (event.viewers.length > 0) this.#viewers.set(event.conversation_id, event);
      else this.#viewers.delete(event.conversation_id);
    }
    this.#heard.events(events);
  }

  #setState(state: Connection): void {
    if (state !== 'open') this.#viewers.clear();
    this.#state = state;
    this.#heard.state(state);
  }

  #tell(told: Told): void {
    if (!this.#closed) this.#channel.post(told);
  }
}
