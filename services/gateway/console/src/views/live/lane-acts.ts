import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Answer, Lane, Store } from '../../live/store';
import { mayTake, me } from '../../session';
import { t } from '../../texts';
import { shortcutOf, type Tone } from '../../ui';
import { refusalOf } from '../inbox/acting';
import { words as inboxWords } from '../inbox/texts';

const SAID_MS = 6_000;

export interface Said {
  readonly text: string;
  readonly tone: Tone;
}

/** What a comment's customer is told or becomes, without opening anything. */
export class CommentActs {
  constructor(
    private readonly store: Store,
    private readonly lane: Lane,
    private readonly say: (said: Said | null) => void,
  ) {}

  claim(id: string): void {
    const row = this.#row(id);
    const viewer = me.peek();
    if (!row || !viewer || row.assignee?.agent_id === viewer.agent_id) return;
    if (row.assignee) this.say({ text: inboxWords('winner', row.assignee.name), tone: 'warn' });
    else if (!mayTake()) this.say({ text: t('forbidden'), tone: 'bad' });
    else void this.#tell(this.store.assign(row.id, viewer.agent_id, row.version));
  }

  hide(id: string): void {
    const placed = this.lane.comment(id).peek();
    if (placed?.message.direction !== 'in') return;
    const { hidden = false } = placed.message;
    void this.#tell(this.store.setHidden(placed.conversation_id, id, !hidden));
  }

  /** Whether a customer wrote it whom nobody has. */
  isFree(id: string): boolean {
    const message = this.lane.comment(id).peek()?.message;
    const isThere = message?.direction === 'in' && message.state !== 'removed';
    return isThere && this.#row(id)?.assignee === null;
  }

  #row(id: string) {
    const placed = this.lane.comment(id).peek();
    return placed && this.store.conversation(placed.conversation_id).peek();
  }

  async #tell(asked: Promise<Answer>): Promise<void> {
    const answer = await asked;
    this.say(answer.ok ? null : refusalOf(answer));
  }
}

/** A word about what was done, which goes by itself. */
export function useSaid(): [Said | null, (said: Said | null) => void] {
  const [said, setSaid] = useState<Said | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return [said, setSaid];
}

/** Always the same function, which does what `latest` does. */
export function useLatest<A extends unknown[], R>(latest: (...given: A) => R): (...given: A) => R {
  const now = useRef(latest);
  now.current = latest;
  return useMemo(
    () =>
      (...given: A) =>
        now.current(...given),
    [],
  );
}

/** Calls `pressed` with each shortcut; what it knows goes to nobody else. Space belongs to a button
 * that has the focus, but for the comment that is picked already. */
export function useShortcuts(pressed: (key: string) => boolean): void {
  const latest = useLatest(pressed);
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      const button = event.target instanceof Element && event.target.closest('button, summary');
      if (event.code === 'Space' && button && !button.matches('[data-pick][aria-current]')) return;
      const key = shortcutOf(event);
      if (key !== null && latest(key)) event.preventDefault();
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, [latest]);
}
