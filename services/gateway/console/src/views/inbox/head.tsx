import { useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../core/model';
import { useStore } from '../../live/context';
import { agents, pageName } from '../../live/directory';
import { href, navigate } from '../../router';
import { hasRight, mayTake, me } from '../../session';
import { formatDuration, t } from '../../texts';
import { Avatar, Button, Icon, IconButton, join, Menu, Picker } from '../../ui';
import { now } from '../../ui/clock';
import { assign, markDone, tell } from './acting';
import { channelName } from './filters-bar';
import styles from './head.module.css';
import { useWish } from './keys';
import type { ReplyWindow } from './reply-window';
import { sayPlace, sayViewer } from './row';
import { words } from './texts';
import { Why } from './why';

const HURRY_MS = 2 * 3_600_000;

interface HeadProps {
  row: Conversation;
  backTo: string;
  window: ReplyWindow | null;
  onContact: (() => void) | null;
}

export function Head({ row, backTo, window, onContact }: HeadProps) {
  const store = useStore();
  const viewers = store.viewers(row.id).value;
  const name = row.customer.name ?? row.customer.external_id;
  return (
    <header class={styles.head}>
      <IconButton
        icon="back"
        class={styles.back}
        label={t('back')}
        onClick={() => navigate(backTo)}
      />
      <Avatar name={name} picture={row.customer.picture} size={36} />
      <div class={styles.who}>
        <h2 class={styles.name}>{name}</h2>
        <p class={styles.where}>
          {words('via', channelName(row.channel), pageName(row.page_id))}
          {row.post_id && <a href={href('posts', row.post_id)}>{words('openPost')}</a>}
          {row.follows && <span>{words('follows')}</span>}
          {row.visit && <Visit visit={row.visit} />}
          <Window window={window} />
        </p>
      </div>
      <div class={styles.doing}>
        <InCharge row={row} />
        <Button
          icon="check"
          aria-pressed={row.done}
          title={row.done ? words('reopen') : 'E'}
          onClick={() => void markDone(store, row.id, !row.done)}
        >
          <span class={styles.done}>{words('done')}</span>
        </Button>
        <Menu
          align="end"
          icon="more"
          label={words('more')}
          items={[
            {
              key: 'unread',
              icon: 'inbox',
              text: words('markUnread'),
              hint: 'U',
              onPick: () => void tell(store.markUnread(row.id)),
            },
          ]}
        />
        {onContact && <IconButton icon="user" label={words('showContact')} onClick={onContact} />}
      </div>
      {viewers.length > 0 && (
        <p class={styles.viewers} role="status">
          <Icon name="eye" size={14} />
          {viewers.map(sayViewer).join(' · ')}
        </p>
      )}
    </header>
  );
}

/** "Phụ trách: Lan", which opens the choice of another one, and why it is Lan. */
function InCharge({ row }: { row: Conversation }) {
  const store = useStore();
  const [picking, setPicking] = useState(false);
  const [explaining, setExplaining] = useState(false);
  /** The version at which the choice was opened: it is refused if somebody was faster (R6.4). */
  const seen = useRef(row.version);
  const open = (is: boolean) => {
    if (is) seen.current = row.version;
    setPicking(is);
  };
  const { assignee } = row;
  const name = assignee?.name ?? words('nobody');
  const manages = hasRight('assign');
  useWish('assign', () => {
    if (manages) open(true);
    else if (!assignee && mayTake()) void assign(store, row.id, me.value?.agent_id ?? null);
  });
  const options = [
    { value: '', text: words('nobody'), icon: 'close' as const, chosen: !assignee },
    ...agents.value
      .filter(({ disabled }) => !disabled)
      .map(({ id, name: text }) => ({
        value: id,
        text,
        hint: t(store.presence.value.get(id)?.status ?? 'offline'),
        chosen: id === assignee?.agent_id,
      })),
  ];
  const face = (
    <>
      <span class={styles.label}>{words('inCharge')}:</span>
      <strong class={join(!assignee && styles.nobody)}>{name}</strong>
    </>
  );
  return (
    <div class={styles.charge}>
      {manages ? (
        <Picker
          kind="plain"
          label={words('inCharge')}
          aria-label={`${words('inCharge')}: ${name}`}
          options={options}
          open={picking}
          onOpen={open}
          onPick={(id) => void assign(store, row.id, id || null, seen.current)}
        >
          {face}
        </Picker>
      ) : (
        <span class={styles.fixed}>{face}</span>
      )}
      {!assignee && mayTake() && (
        <Button
          kind="primary"
          onClick={() => void assign(store, row.id, me.value?.agent_id ?? null)}
        >
          {words('take')}
        </Button>
      )}
      <Button kind="quiet" onClick={() => setExplaining(true)}>
        {words('why')}
      </Button>
      {explaining && <Why id={row.id} onClose={() => setExplaining(false)} />}
    </div>
  );
}

/** What a site's visitor chose, and the page that they wrote from (L3). */
function Visit({ visit }: { visit: NonNullable<Conversation['visit']> }) {
  const { page_url } = visit;
  const isLink = page_url && /^https?:/.test(page_url);
  return (
    <>
      {visit.department && <span>{sayPlace(visit)}</span>}
      {isLink && (
        <a class={styles.visits} href={page_url} target="_blank" rel="noreferrer">
          {words('visits', page_url.replace(/^https?:\/\//, ''))}
        </a>
      )}
    </>
  );
}

function Window({ window }: { window: ReplyWindow | null }) {
  if (!window) return null;
  const left = window.until ? Date.parse(window.until) - now.value : null;
  if (!window.open || (left !== null && left <= 0)) {
    return (
      <span class={styles.closed}>{words(left === null ? 'windowNever' : 'windowClosed')}</span>
    );
  }
  if (left === null) return null;
  return (
    <span class={join(styles.left, left < HURRY_MS && styles.hurry)}>
      <Icon name="clock" size={13} />
      {words('windowLeft', formatDuration(left))}
    </span>
  );
}
