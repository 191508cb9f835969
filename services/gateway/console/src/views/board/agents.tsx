import { useEffect, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { useStore } from '../../live/context';
import type { ListWindow } from '../../live/store';
import { href } from '../../router';
import { hasRight, me } from '../../session';
import { formatClock, formatDuration, formatNumber, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Avatar, IconButton, join, State, toast, VirtualList } from '../../ui';
import { now } from '../../ui/clock';
import styles from './board.module.css';
import { capacities, HOURS, strip } from './figures';
import { HandOver } from './hand-over';
import type { Histories } from './histories';
import type { Figures } from './load';
import { sayWord, words } from './texts';

const ROW_HEIGHT = 72;
const ORDER = { online: 0, away: 1, offline: 2 } as const;

type Person = Schema<'PresenceView'>;

interface AgentsProps {
  figures: Figures;
  histories: Histories;
  newest: ListWindow;
}

/** Agents by name, those who are online first. */
export function Agents({ figures, histories, newest }: AgentsProps) {
  const presence = useStore().presence.value;
  const [handing, setHanding] = useState<Person | null>(null);
  const statusOf = ({ agent_id, presence: read }: Person) => presence.get(agent_id)?.status ?? read;
  const people = [...figures.presence].sort(
    (a, b) => ORDER[statusOf(a)] - ORDER[statusOf(b)] || a.name.localeCompare(b.name, 'vi'),
  );
  const byId = new Map(people.map((person) => [person.agent_id, person]));
  const most = capacities(figures.rules);
  const given = lastGiven(newest, histories);
  return (
    <section class={styles.panel} aria-label={words('agents')}>
      <h2>
        {words('agents')} <span class={styles.soft}>{formatNumber(people.length)}</span>
      </h2>
      {people.length === 0 && <State icon="people" title={words('noAgents')} />}
      <VirtualList
        label={words('agents')}
        keys={people.map(({ agent_id }) => agent_id)}
        rowHeight={ROW_HEIGHT}
        row={(id) => {
          const person = byId.get(id);
          return (
            person && (
              <AgentRow
                person={person}
                figures={figures}
                capacity={most.get(id) ?? null}
                given={given.get(id) ?? null}
                onHandOver={() => setHanding(person)}
              />
            )
          );
        }}
      />
      {handing && <HandOver person={handing} onClose={() => setHanding(null)} />}
    </section>
  );
}

/** When each agent was given a conversation last, among the decisions that are known. */
function lastGiven(newest: ListWindow, histories: Histories): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const id of newest.ids.value.slice(0, 30)) {
    for (const { agent_id, at } of histories.of(id).value ?? []) {
      if (agent_id !== null && at > (found.get(agent_id) ?? '')) found.set(agent_id, at);
    }
  }
  return found;
}

interface AgentRowProps {
  person: Person;
  figures: Figures;
  capacity: number | null;
  given: string | null;
  onHandOver: () => void;
}

function AgentRow({ person, figures, capacity, given, onHandOver }: AgentRowProps) {
  const { agent_id, name } = person;
  const live = useStore().presence.value.get(agent_id);
  const status = live?.status ?? person.presence;
  const cause = live?.cause ?? person.cause;
  // What changed after the figures were read is younger than their age.
  const since = status === person.presence ? person.at : null;
  const open = useOpen(agent_id, figures.at);
  const hours = strip(figures.hours ?? [], agent_id, figures.at);
  const full = open !== null && capacity !== null && open >= capacity;
  const hour = hours.findLastIndex((count) => count > 0);
  const lastHour =
    hour < 0 ? null : formatClock(figures.at - (HOURS - 1 - hour) * 3_600_000).replace(/:.*/, 'h');
  const last = given ? formatClock(given) : lastHour;
  return (
    <div class={styles.row}>
      <Avatar name={name} size={32} />
      <div class={styles.what}>
        <p class={styles.name}>
          <span class={join(styles.dot, styles[status])} aria-hidden="true" />{' '}
          <a
            class={styles.person}
            title={words('seeTheirs')}
            href={href('inbox', null, { assignee: agent_id })}
          >
            {name}
          </a>
        </p>
        <p class={styles.soft}>
          {t(status)}
          {cause && `, ${sayWord(cause)}`}
          {since && ` · ${words('since', formatDuration(now.value - Date.parse(since)))}`}
        </p>
        <p class={styles.soft}>
          <span class={full ? styles.bad : undefined}>
            {capacity === null
              ? words('open', open === null ? '…' : formatNumber(open))
              : words('openOf', open === null ? '…' : formatNumber(open), formatNumber(capacity))}
          </span>
          {' · '}
          {last ? words('lastGiven', last) : words('lastGivenUnknown')}
        </p>
      </div>
      {figures.hours && <Strip hours={hours} />}
      <AgentActions person={person} offline={status === 'offline'} onHandOver={onHandOver} />
    </div>
  );
}

function Strip({ hours }: { hours: readonly number[] }) {
  const most = Math.max(1, ...hours);
  return (
    <span class={styles.strip} role="img" aria-label={words('strip', hours.join(', '))}>
      {hours.map((count, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: each is an hour by its place
        <span key={index} style={{ height: `${Math.max(2, (count / most) * 28)}px` }} />
      ))}
    </span>
  );
}

interface AgentActionsProps {
  person: Person;
  offline: boolean;
  onHandOver: () => void;
}

function AgentActions({ person: { agent_id, name }, offline, onHandOver }: AgentActionsProps) {
  const store = useStore();
  const setOffline = async () => {
    try {
      if (agent_id === me.peek()?.agent_id) await store.setPresence('offline');
      else await api.PUT('/v1/presence', { body: { status: 'offline', agent_id } });
      toast(words('setOfflineDone', name));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <span class={styles.actions}>
      {hasRight('set_presence') && (
        <IconButton
          small
          icon="leave"
          label={words('setOffline', name)}
          disabled={offline}
          onClick={() => void setOffline()}
        />
      )}
      {hasRight('assign') && (
        <IconButton small icon="reply" label={words('handOver', name)} onClick={onHandOver} />
      )}
    </span>
  );
}

/** Counted for the rows that are shown, once for each time the figures were read. */
const counted = new Map<string, { at: number; open: Promise<number> }>();

function useOpen(agent: string, at: number): number | null {
  const [open, setOpen] = useState<number | null>(null);
  useEffect(() => {
    let stop = false;
    let known = counted.get(agent);
    if (known?.at !== at) {
      known = { at, open: countOpen(agent) };
      counted.set(agent, known);
    }
    known.open.then(
      (count) => !stop && setOpen(count),
      () => counted.delete(agent),
    );
    return () => {
      stop = true;
    };
  }, [agent, at]);
  return open;
}

async function countOpen(assignee: string): Promise<number> {
  const query = { assignee, done: false };
  return (await take(api.GET('/v1/conversations/counts', { params: { query } }))).total;
}
