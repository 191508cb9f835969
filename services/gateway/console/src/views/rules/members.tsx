import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import { agentName, agents } from '../../live/directory';
import { t } from '../../texts';
import { Avatar, Combobox, IconButton, join } from '../../ui';
import { CAPABILITIES, type Member, moved, withCapability } from './coverage';
import styles from './members.module.css';
import { words } from './texts';

interface MembersProps {
  members: readonly Member[];
  disabled: boolean;
  onMembers: (members: Member[]) => void;
}

/** The members in the order of their turns, each with what they may be given and how much. */
export function Members({ members, disabled, onMembers }: MembersProps) {
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const focused = useRef<string | null>(null);
  const latest = useRef({ members, onMembers });
  latest.current = { members, onMembers };

  const move = (agent: string, to: number): boolean => {
    const now = latest.current.members;
    const from = now.findIndex(({ agent_id }) => agent_id === agent);
    if (from < 0 || to < 0 || to >= now.length || to === from) return false;
    latest.current.onMembers(moved(now, from, to));
    setSaid(words('movedTo', agentName(agent), to + 1));
    return true;
  };
  const latestMove = useRef(move);
  latestMove.current = move;

  // What moves in the document loses the focus.
  useLayoutEffect(() => {
    if (focused.current === null) return;
    const row = list.current?.querySelector(`[data-agent="${CSS.escape(focused.current)}"]`);
    row?.querySelector<HTMLElement>('button')?.focus();
    focused.current = null;
  });

  useEffect(() => {
    if (dragged === null) return;
    const over = (event: PointerEvent) => {
      const row = document.elementFromPoint(event.clientX, event.clientY)?.closest('[data-agent]');
      const rows = [...(list.current?.children ?? [])];
      if (row) latestMove.current(dragged, rows.indexOf(row));
    };
    const end = () => setDragged(null);
    addEventListener('pointermove', over);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
    return () => {
      removeEventListener('pointermove', over);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
    };
  }, [dragged]);

  const replace = (next: Member) =>
    onMembers(members.map((one) => (one.agent_id === next.agent_id ? next : one)));
  const taken = new Set(members.map(({ agent_id }) => agent_id));
  const free = agents.value.filter(({ id, disabled: off }) => !off && !taken.has(id));

  return (
    <section class={styles.members} aria-label={words('members')}>
      <h3>{words('members')}</h3>
      <p class={styles.soft}>{words(members.length === 0 ? 'everyAgent' : 'membersHint')}</p>
      <ol ref={list} class={styles.list}>
        {members.map((member, index) => {
          const { agent_id } = member;
          const name = agentName(agent_id);
          return (
            <li
              key={agent_id}
              data-agent={agent_id}
              class={join(styles.member, dragged === agent_id && styles.dragged)}
            >
              <IconButton
                small
                icon="grip"
                class={styles.grip}
                label={words('move', name, index + 1)}
                disabled={disabled}
                onPointerDown={() => setDragged(agent_id)}
                onKeyDown={(event) => {
                  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
                  if (!by) return;
                  event.preventDefault();
                  if (move(agent_id, index + by)) focused.current = agent_id;
                }}
              />
              <span class={styles.place}>{index + 1}</span>
              <Face agent={agent_id} name={name} />
              <span class={styles.grid}>
                {CAPABILITIES.map((which) => (
                  <label key={which} class={styles.capability}>
                    <input
                      type="checkbox"
                      aria-label={words('may', name, words(which))}
                      disabled={disabled}
                      checked={member.capabilities?.includes(which) ?? true}
                      onChange={(event) =>
                        replace(withCapability(member, which, event.currentTarget.checked))
                      }
                    />
                    {words(which)}
                  </label>
                ))}
              </span>
              <label class={styles.capacity}>
                {words('capacity')}
                <input
                  type="number"
                  min={1}
                  max={10_000}
                  aria-label={words('capacityOf', name)}
                  placeholder="∞"
                  title={words('noLimit')}
                  disabled={disabled}
                  value={member.capacity ?? ''}
                  onInput={(event) => {
                    const typed = event.currentTarget.valueAsNumber;
                    replace({ ...member, capacity: Number.isNaN(typed) ? null : typed });
                  }}
                />
              </label>
              <IconButton
                small
                icon="close"
                label={words('removeMember', name)}
                disabled={disabled}
                onClick={() => onMembers(members.filter((one) => one !== member))}
              />
            </li>
          );
        })}
      </ol>
      {!disabled && (
        <Combobox
          label={words('addMember')}
          placeholder={words('addMember')}
          options={free.map(({ id, name, role }) => ({ value: id, text: name, hint: role }))}
          onPick={(agent_id) =>
            onMembers([...members, { agent_id, capabilities: null, capacity: null }])
          }
        />
      )}
      <p class="unseen" role="status">
        {said}
      </p>
    </section>
  );
}

function Face({ agent, name }: { agent: string; name: string }) {
  const status = useStore().presence.value.get(agent)?.status ?? 'offline';
  return (
    <span class={styles.face}>
      <Avatar name={name} size={24} />
      <span class={styles.name}>{name}</span>
      <span class={join(styles.dot, styles[status])} title={t(status)} />
    </span>
  );
}
