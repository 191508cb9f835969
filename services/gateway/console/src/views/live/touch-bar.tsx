import { useStore } from '../../live/context';
import type { Lane } from '../../live/store';
import { mayTake } from '../../session';
import { Button } from '../../ui';
import type { ColumnName } from './column';
import type { LaneActs } from './comment-row';
import styles from './live.module.css';
import { words } from './texts';

interface TouchBarProps {
  id: string;
  column: ColumnName;
  lane: Lane;
  acts: LaneActs;
}

/** What a thumb does to the comment that is picked, with all that it says. */
export function TouchBar({ id, column, lane, acts }: TouchBarProps) {
  const store = useStore();
  const placed = lane.comment(id).value;
  const row = store.conversation(placed?.conversation_id ?? '').value;
  if (placed?.message.direction !== 'in') return null;
  const { text, hidden, private_reply } = placed.message;
  return (
    <div class={styles.touch}>
      <p>{text}</p>
      <div class={styles.touchActs}>
        {!row?.assignee && mayTake() && (
          <Button icon="check" onClick={() => acts.claim(id)}>
            {words('claim')}
          </Button>
        )}
        <Button icon="eye" onClick={() => acts.hide(id)}>
          {words(hidden ? 'unhide' : 'hide')}
        </Button>
        {!private_reply && (
          <Button icon="send" onClick={() => acts.answer(id, column)}>
            {words('privately')}
          </Button>
        )}
      </div>
    </div>
  );
}
