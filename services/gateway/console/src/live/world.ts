/** What the live state needs of a browser. Tests give another one. */

import { request } from '../api/client';

export interface World {
  /** Rejects with an `ApiProblem` for whatever is no success. */
  readonly http: (address: string, init?: RequestInit) => Promise<Response>;
  now(): number;
  /** Returns how to cancel it. */
  later(ms: number, then: () => void): () => void;
  /** Before the next frame, or soon where nothing is drawn. */
  frame(then: () => void): void;
  random(): number;
  newKey(): string;
  visible(): boolean;
  /** Called when the network is back, or the page is seen again. Returns how to stop it. */
  onWake(then: () => void): () => void;
  /** Called when the network is gone. Returns how to stop it. */
  onOffline(then: () => void): () => void;
  channel(name: string): Channel;
  /** Calls `then` once this tab leads all with the same name, which ends when the tab does. Returns
   * how to give it up. */
  lead(name: string, then: () => void): () => void;
  readonly local: Storage;
  readonly session: Storage;
  /** Another tab changed `local`. Returns how to stop it. */
  onStored(then: (key: string) => void): () => void;
}

export interface Channel {
  post(message: unknown): void;
  listen(heard: (message: unknown) => void): void;
  close(): void;
}

const HIDDEN_FRAME_MS = 250;

export const browser: World = {
  http: request,
  now: () => Date.now(),
  later(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  frame(then) {
    if (document.hidden) {
      // Timers of a tab that was hidden for a while run once a minute: too late to ring.
      queueMicrotask(then);
      return;
    }
    let done = false;
    const once = () => {
      if (!done) then();
      done = true;
    };
    requestAnimationFrame(once);
    setTimeout(once, HIDDEN_FRAME_MS); // no frame comes if the page is hidden meanwhile
  },
  random: Math.random,
  newKey() {
    // `randomUUID` is missing where the page is not served over https.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  },
  visible: () => !document.hidden,
  onWake(then) {
    const seen = () => {
      if (!document.hidden) then();
    };
    addEventListener('online', then);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('online', then);
      document.removeEventListener('visibilitychange', seen);
    };
  },
  onOffline(then) {
    addEventListener('offline', then);
    return () => removeEventListener('offline', then);
  },
  channel(name) {
    const channel = new BroadcastChannel(name);
    return {
      post: (message) => channel.postMessage(message),
      listen(heard) {
        channel.onmessage = (event) => heard(event.data);
      },
      close: () => channel.close(),
    };
  },
  lead(name, then) {
    const end = new AbortController();
    if (navigator.locks === undefined) {
      then(); // not served over https: each tab has a stream of its own
      return () => {};
    }
    const ended = new Promise<void>((resolve) => {
      end.signal.addEventListener('abort', () => resolve());
    });
    const held = () => {
      then();
      return ended;
    };
    // It is rejected if it is given up while it waits.
    navigator.locks.request(name, { signal: end.signal }, held).catch(() => {});
    return () => end.abort();
  },
  get local() {
    return localStorage;
  },
  get session() {
    return sessionStorage;
  },
  onStored(then) {
    const heard = (event: StorageEvent) => {
      if (event.storageArea === localStorage) then(event.key ?? '');
    };
    addEventListener('storage', heard);
    return () => removeEventListener('storage', heard);
  },
};
