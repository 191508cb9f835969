import { useEffect, useRef } from 'preact/hooks';
import { useStore } from '../../live/context';
import { shortcutOf } from '../../ui';
import { markDone, tell } from './acting';
import type { Selection } from './selection';

interface Keys {
  id: string | null;
  step: (by: 1 | -1) => void;
  selection: Selection;
}

/** What a key asks the open conversation for, which does it where it stands. */
export type Wish = 'reply' | 'assign' | 'tag' | 'private' | 'hide' | 'like';

const WISHES: Readonly<Record<string, Wish>> = {
  R: 'reply',
  A: 'assign',
  T: 'tag',
  P: 'private',
  H: 'hide',
  L: 'like',
};

const WISHED = 'tuyen-wish';

/** The keys of the list (section 4). */
export function useInboxKeys(given: Keys): void {
  const store = useStore();
  const latest = useRef(given);
  latest.current = given;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const key = shortcutOf(event);
      if (key === null || !act(key)) return;
      event.preventDefault();
    };
    /** False if the key is none of the list's. */
    const act = (key: string): boolean => {
      const { id, step, selection } = latest.current;
      if (key === 'J' || key === 'K') step(key === 'J' ? 1 : -1);
      else if (key === '/') document.getElementById('search')?.focus();
      else if (key === 'Escape' && (selection.all || selection.ids.size)) selection.clear();
      else if (id === null) return false;
      else if (key === 'X') selection.toggle(id);
      else if (key === 'E') void markDone(store, id, !store.conversation(id).peek()?.done);
      else if (key === 'U') void tell(store.markUnread(id));
      else if (WISHES[key]) dispatchEvent(new CustomEvent<Wish>(WISHED, { detail: WISHES[key] }));
      else return false;
      return true;
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [store]);
}

/** Does what a key asks for. */
export function useWish(wish: Wish, then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    const heard = (event: Event) => {
      if ((event as CustomEvent<Wish>).detail === wish) latest.current();
    };
    addEventListener(WISHED, heard);
    return () => removeEventListener(WISHED, heard);
  }, [wish]);
}
