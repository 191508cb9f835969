import { useMemo } from 'preact/hooks';
import { readOrders } from '../../core/order-codes';
import { markPhones } from '../../core/phones';
import { useStore } from '../../live/context';
import { agentHue } from '../../live/directory';
import type { Lane } from '../../live/store';
import { mayTake } from '../../session';
import { formatClock } from '../../texts';
import { IconButton, join } from '../../ui';
import type { ColumnName } from './column';
import styles from './live.module.css';
import { markPieces } from './order-of';
import { words } from './texts';

/** What one does to a comment; always the same functions, so that no row is drawn again for them. */
export interface LaneActs {
  pick: (id: string | null, column: ColumnName) => void;
  claim: (id: string) => void;
  hide: (id: string) => void;
  answer: (id: string, column: ColumnName) => void;
}

interface CommentRowProps {
  column: ColumnName;
  id: string;
  lane: Lane;
  current: boolean;
  acts: LaneActs;
}

/** A comment: when, who, whose, what became of it; below, what it says with its codes and phone
 * marked. */
export function CommentRow({ column, id, lane, current, acts }: CommentRowProps) {
  const store = useStore();
  const placed = lane.comment(id).value;
  const row = store.conversation(placed?.conversation_id ?? '').value;
  const text = placed?.message.text ?? '';
  const pieces = useMemo(() => {
    const codes = new Set(readOrders(text).map(({ code }) => code));
    return markPieces(text, markPhones(text), codes);
  }, [text]);
  if (!placed) return null;
  const { message } = placed;
  const incoming = message.direction === 'in';
  const name = message.author.name ?? row?.customer.name ?? message.author.id;
  const assignee = row?.assignee ?? null;
  const owner = assignee?.name ?? null;
  const ground = assignee === null ? undefined : `oklch(0.62 0.16 ${agentHue(assignee.agent_id)})`;
  const failed = message.state === 'failed' || message.problem != null;
  const removed = message.state === 'removed';
  return (
    <div
      class={join(
        styles.row,
        current && styles.current,
        (message.hidden || removed) && styles.isHidden,
        !incoming && styles.ours,
      )}
    >
      <button
        type="button"
        class={styles.pick}
        data-pick
        aria-current={current ? 'true' : undefined}
        onClick={() => acts.pick(id, column)}
      >
        <span
          class={join(styles.owner, owner === null && styles.free)}
          style={{ background: ground }}
          title={owner === null ? words('nobody') : words('owner', owner)}
        />
        <time class={styles.time} dateTime={message.at}>
          {formatClock(message.at)}
        </time>
        <span class={styles.name}>{name}</span>
        <span class={styles.states}>
          {removed && <span>{words('removed')}</span>}
          {message.hidden && <span>{words('hidden')}</span>}
          {message.private_reply && <span class={styles.good}>{words('privateDone')}</span>}
          {failed && <span class={styles.bad}>{words('failed', '1')}</span>}
          {owner !== null && <span class={styles.whose}>{owner}</span>}
        </span>
        <span class={styles.text} title={text}>
          {pieces.map(({ text: piece, mark }, index) => {
            const Piece = mark === null ? 'span' : 'mark';
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, in its order
              <Piece key={index} class={mark === null ? undefined : styles[mark]}>
                {piece}
              </Piece>
            );
          })}
        </span>
      </button>
      {incoming && !removed && (
        <span class={styles.acts}>
          {owner === null && mayTake() && (
            <IconButton small icon="check" label={words('claim')} onClick={() => acts.claim(id)} />
          )}
          <IconButton
            small
            icon="eye"
            label={words(message.hidden ? 'unhide' : 'hide')}
            onClick={() => acts.hide(id)}
          />
          {!message.private_reply && (
            <IconButton
              small
              icon="send"
              label={words('privately')}
              onClick={() => acts.answer(id, column)}
            />
          )}
        </span>
      )}
    </div>
  );
}
