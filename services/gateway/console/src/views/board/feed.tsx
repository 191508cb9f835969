import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useStore } from '../../live/context';
import { agentName } from '../../live/directory';
import type { ListWindow } from '../../live/store';
import { formatShort, language } from '../../texts';
import { State } from '../../ui';
import { now } from '../../ui/clock';
import styles from './board.module.css';
import type { Assignment, Histories } from './histories';
import { openAt } from './places';
import { words } from './texts';

const CONVERSATIONS = 30;
const SHOWN = 40;
const EVERY_MS = 3_000;

interface FeedProps {
  newest: ListWindow;
  histories: Histories;
}

/** The last decisions on the conversations that changed last, newest first. */
export function Feed({ newest, histories }: FeedProps) {
  const store = useStore();
  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      const ids = newest.ids.peek().slice(0, CONVERSATIONS);
      histories.keep(new Set(ids));
      for (const id of ids) {
        const row = store.conversation(id).peek();
        if (row) histories.want(id, row.version);
      }
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [newest, histories, store]);
  const decisions = useComputed(() => {
    const ids = newest.ids.value.slice(0, CONVERSATIONS);
    const all = ids.flatMap((id) =>
      (histories.of(id).value ?? []).map((decision) => ({ id, decision })),
    );
    return all.sort((a, b) => (a.decision.at < b.decision.at ? 1 : -1)).slice(0, SHOWN);
  }).value;
  return (
    <section class={styles.panel} aria-label={words('feed')}>
      <h2>
        {words('feed')} <span class={styles.soft}>{words('feedHint')}</span>
      </h2>
      {decisions.length === 0 && <State icon="clock" title={words('noDecisions')} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <ol class={styles.feed} tabIndex={0} aria-label={words('feed')}>
        {decisions.map(({ id, decision }) => (
          <Entry key={`${id} ${decision.version}`} id={id} decision={decision} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ id, decision }: { id: string; decision: Assignment }) {
  const row = useStore().conversation(id).value;
  const { at, agent_id, by, sentence } = decision;
  return (
    <li class={styles.entry}>
      <time class={styles.soft} dateTime={at}>
        {formatShort(at, now.value)}
      </time>
      <div>
        <p>
          {row && <a href={openAt(row)}>{row.customer.name ?? row.customer.external_id}</a>}
          {' → '}
          <strong>{agent_id === null ? '–' : agentName(agent_id)}</strong>
          {by && <span class={styles.soft}> ({agentName(by)})</span>}
        </p>
        <p class={styles.soft}>{sentence[language.value]}</p>
      </div>
    </li>
  );
}
