import { useMemo } from 'preact/hooks';
import { readOrders } from '../../core/order-codes';
import { markPhones } from '../../core/phones';
import { useStore } from '../../live/context';
import type { Lane } from '../../live/store';
import { mayTake } from '../../session';
import { formatClock } from '../../texts';
import { colourOf, IconButton, join } from '../../ui';
import styles from './live.module.css';
import { markPieces } from './order-of';
import { words } from './texts';

export interface CommentRowProps {
  id: string;
  lane: Lane;
  current: boolean;
  onPick: (id: string) => void;
  onClaim: (id: string) => void;
  onHide: (id: string) => void;
  onAnswer: (id: string) => void;
}

/** A comment in one line: when, who, what with its code and phone marked, whose, and what became
 * of it. */
export function CommentRow(props: CommentRowProps) {
  const { id, lane, current, onPick, onClaim, onHide, onAnswer } = props;
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
  const owner = row?.assignee?.name ?? null;
  const ground = owner === null ? undefined : `oklch(0.62 0.16 ${colourOf(owner)})`;
  const problem = message.state === 'failed' || message.problem != null;
  return (
    <div
      class={join(
        styles.row,
        current && styles.current,
        message.hidden && styles.isHidden,
        !incoming && styles.ours,
      )}
    >
      <button
        type="button"
        class={styles.pick}
        data-pick
        aria-current={current ? 'true' : undefined}
        onClick={() => onPick(id)}
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
        <span class={styles.text}>
          {pieces.map(({ text: piece, mark }, index) =>
            mark === null ? (
              piece
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, in its order
              <mark key={index} class={styles[mark]}>
                {piece}
              </mark>
            ),
          )}
        </span>
      </button>
      <span class={styles.states}>
        {message.state === 'removed' && <span class={styles.state}>{words('removed')}</span>}
        {message.hidden && <span class={styles.state}>{words('hidden')}</span>}
        {message.private_reply && <span class={styles.good}>{words('privateDone')}</span>}
        {problem && <span class={styles.bad}>{words('failed', '1')}</span>}
        {owner !== null && <span class={styles.state}>{owner}</span>}
      </span>
      {incoming && (
        <span class={styles.acts}>
          {owner === null && mayTake() && (
            <IconButton small icon="check" label={words('claim')} onClick={() => onClaim(id)} />
          )}
          <IconButton
            small
            icon="eye"
            label={words(message.hidden ? 'unhide' : 'hide')}
            onClick={() => onHide(id)}
          />
          {!message.private_reply && (
            <IconButton small icon="send" label={words('privately')} onClick={() => onAnswer(id)} />
          )}
        </span>
      )}
    </div>
  );
}
