import type { Conversation } from '../../core/model';
import { useStore } from '../../live/context';
import { pageName } from '../../live/directory';
import { formatDuration, formatNumber, formatShort } from '../../texts';
import { Avatar, Badge, Icon, type IconName, join } from '../../ui';
import { now } from '../../ui/clock';
import styles from './row.module.css';
import type { Selection } from './selection';
import { words } from './texts';

const LATE_MS = 30 * 60_000;

export const CHANNEL_ICONS: Readonly<Record<string, IconName>> = {
  facebook: 'flag',
  zalo: 'zalo',
  livechat: 'chat',
};

interface RowProps {
  id: string;
  to: string;
  current: boolean;
  selection: Selection;
}

/** A row of the list: who, what, when, where, whose, and whether it waits (I2). */
export function Row({ id, to, current, selection }: RowProps) {
  const store = useStore();
  const row = store.conversation(id).value;
  const draft = store.drafts.has(id).value;
  const viewers = store.viewers(id).value;
  if (!row) return null;
  const name = row.customer.name ?? row.customer.external_id;
  const waits = row.waiting_since ? now.value - Date.parse(row.waiting_since) : null;
  const selected = selection.all || selection.ids.has(id);
  return (
    <div
      class={join(
        styles.row,
        row.unread > 0 && styles.unread,
        current && styles.current,
        selected && styles.selected,
        (selection.all || selection.ids.size > 0) && styles.selecting,
      )}
    >
      <span class={styles.face}>
        <Avatar name={name} picture={row.customer.picture} size={36} />
        <input
          type="checkbox"
          class={styles.check}
          aria-label={words('select', name)}
          checked={selected}
          onClick={(event) => {
            if (event.shiftKey) selection.extend(id);
            else selection.toggle(id);
          }}
        />
      </span>
      <a href={to} class={styles.link} aria-current={current ? 'true' : undefined}>
        <span class={styles.line}>
          <span class={styles.name}>{name}</span>
          {viewers.length > 0 && (
            <span class={styles.viewers} title={viewers.map(sayViewer).join(', ')}>
              <Icon name={viewers.some(({ typing }) => typing) ? 'edit' : 'eye'} size={14} />
            </span>
          )}
          <time class={styles.time} dateTime={row.updated_at}>
            {formatShort(row.updated_at, now.value)}
          </time>
        </span>
        <span class={styles.line}>
          <span class={styles.last}>
            {draft && <span class={styles.draft}>{words('draft')} </span>}
            {row.last_text}
          </span>
          <Badge count={row.unread} />
        </span>
        <span class={join(styles.line, styles.facts)}>
          <Icon name={CHANNEL_ICONS[row.channel] ?? 'inbox'} size={13} />
          <span class={styles.where}>
            {[pageName(row.page_id), row.visit && sayPlace(row.visit)].filter(Boolean).join(' · ')}
          </span>
          {row.tags.slice(0, 2).map((tag) => (
            <span key={tag} class={styles.tag}>
              {tag}
            </span>
          ))}
          {row.tags.length > 2 && (
            <span class={styles.tag}>+{formatNumber(row.tags.length - 2)}</span>
          )}
          <span class={styles.space} />
          {row.done && <span class={styles.isDone}>{words('done')}</span>}
          {row.needs_reply && waits !== null && !row.done && (
            <span class={join(styles.waits, waits > LATE_MS && styles.late)}>
              {words('waits', formatDuration(waits))}
            </span>
          )}
          <span class={join(styles.assignee, !row.assignee && styles.nobody)}>
            {row.assignee?.name ?? words(row.waiting ? 'waiting' : 'nobody')}
          </span>
        </span>
      </a>
    </div>
  );
}

/** The department that a livechat's visitor chose, with its region. */
export function sayPlace({ department, region }: NonNullable<Conversation['visit']>): string {
  return [department, region].flatMap((place) => place?.name ?? []).join(' · ');
}

export function sayViewer({ name, typing }: { name: string; typing: boolean }): string {
  return words(typing ? 'typing' : 'viewing', name);
}
