import { useEffect } from 'preact/hooks';
import type { Conversation } from '../../core/model';
import { useStore } from '../../live/context';
import { agentName, agents, pageName } from '../../live/directory';
import { hasRight } from '../../session';
import { formatDuration, formatNumber, language, t } from '../../texts';
import { Picker, State, VirtualList } from '../../ui';
import { now } from '../../ui/clock';
import { assign } from '../inbox/acting';
import styles from './board.module.css';
import type { Assignment, Histories } from './histories';
import { openAt } from './places';
import { sayWord, words } from './texts';

const ROW_HEIGHT = 92;

interface QueueProps {
  queue: readonly Conversation[];
  histories: Histories;
  /** How many were looked through, if there are more. */
  capped: number | null;
}

/** What waits for an agent, the oldest first, each with why nobody got it (R5.1, R9.4). */
export function Queue({ queue, histories, capped }: QueueProps) {
  const byId = new Map(queue.map((row) => [row.id, row]));
  return (
    <section class={styles.panel} aria-label={words('queue')}>
      <h2>
        {words('queue')} <span class={styles.soft}>{formatNumber(queue.length)}</span>
      </h2>
      {capped !== null && <p class={styles.soft}>{words('capped', formatNumber(capped))}</p>}
      {queue.length === 0 && (
        <State icon="check" title={words('emptyQueue')}>
          {words('emptyQueueHint')}
        </State>
      )}
      <VirtualList
        label={words('queue')}
        keys={queue.map(({ id }) => id)}
        rowHeight={ROW_HEIGHT}
        row={(id) => {
          const row = byId.get(id);
          return row && <QueueRow row={row} histories={histories} />;
        }}
      />
    </section>
  );
}

function QueueRow({ row, histories }: { row: Conversation; histories: Histories }) {
  const store = useStore();
  const { id, version, page_id, last_text } = row;
  useEffect(() => histories.want(id, version), [histories, id, version]);
  const why = sayWhy(histories.of(id).value);
  const name = row.customer.name ?? row.customer.external_id;
  const waited = now.value - Date.parse(row.waiting_since ?? row.updated_at);
  return (
    <div class={styles.row}>
      <div class={styles.what}>
        <p class={styles.name}>
          <strong>{name}</strong>{' '}
          <span class={styles.soft}>
            {words('waits', formatDuration(waited))} · {pageName(page_id)}
          </span>
        </p>
        <p class={styles.last}>{last_text}</p>
        <p class={styles.why} title={why}>
          {words('whyNobody')}: {why}
        </p>
      </div>
      {hasRight('assign') && (
        <Picker
          small
          kind="plain"
          align="end"
          label={words('assign', name)}
          options={agents.value
            .filter(({ disabled }) => !disabled)
            .map((agent) => ({
              value: agent.id,
              text: agent.name,
              hint: t(store.presence.value.get(agent.id)?.status ?? 'offline'),
            }))}
          onPick={(agent) => void assign(store, id, agent)}
        >
          {words('assignShort')}
        </Picker>
      )}
      <a href={openAt(row)} aria-label={`${words('openIt')} ${name}`}>
        {words('openIt')}
      </a>
    </div>
  );
}

/** Of the last decision: who was excluded by what, or its own sentence. */
function sayWhy(decisions: readonly Assignment[] | null): string {
  const last = decisions?.[0];
  if (!last) return '…';
  const reasons = new Map<string, string[]>();
  for (const { agent_id, reason } of last.excluded ?? []) {
    reasons.set(reason, [...(reasons.get(reason) ?? []), agentName(agent_id)]);
  }
  if (reasons.size === 0) return last.sentence[language.value];
  return [...reasons]
    .map(([reason, names]) => `${sayWord(reason)}: ${names.join(', ')}`)
    .join('; ');
}
