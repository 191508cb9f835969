import type { ComponentChildren } from 'preact';
import type { Conversation } from '../../core/model';
import { agentName, pageName } from '../../live/directory';
import { formatDuration, formatNumber, language } from '../../texts';
import { join } from '../../ui';
import { now } from '../../ui/clock';
import styles from './board.module.css';
import { slowest, spreads } from './figures';
import type { Figures } from './load';
import { openAt } from './places';
import { words } from './texts';

const LATE_MS = 5 * 60_000;
const WIDE = 2;
/** The server counts no further. */
const MOST_COUNTED = 1_000;
const NAMED = 2;

interface TilesProps {
  figures: Figures;
  queue: readonly Conversation[];
  unassigned: number | null;
}

export function Tiles({ figures, queue, unassigned }: TilesProps) {
  const oldest = queue[0];
  const waited = oldest ? now.value - Date.parse(oldest.waiting_since ?? oldest.updated_at) : 0;
  return (
    <section aria-label={words('figures')}>
      <dl class={styles.tiles}>
        <Tile
          name={words('waiting')}
          value={formatNumber(queue.length)}
          bad={waited > LATE_MS}
          more={oldest ? words('oldest', formatDuration(waited)) : words('nobodyWaits')}
        />
        <Tile
          name={words('unassigned')}
          value={unassigned === null ? '…' : formatNumber(unassigned)}
          more={words('openOnes')}
        />
        <FirstReply figures={figures} />
        <FailedSends figures={figures} />
        <Fairness figures={figures} />
      </dl>
    </section>
  );
}

interface TileProps {
  name: string;
  value: ComponentChildren;
  more: ComponentChildren;
  bad?: boolean;
}

function Tile({ name, value, more, bad }: TileProps) {
  return (
    <div class={join(styles.tile, bad && styles.late)}>
      <dt>{name}</dt>
      <dd class={styles.value}>{value}</dd>
      <dd class={styles.soft}>{more}</dd>
    </div>
  );
}

function FirstReply({ figures }: { figures: Figures }) {
  const page = figures.pages && slowest(figures.pages);
  const say = (seconds: number | null) => (seconds === null ? '–' : formatDuration(seconds * 1000));
  return (
    <Tile
      name={words('firstReply')}
      value={page ? say(page.first_response_p95_s) : '–'}
      more={
        page
          ? words(
              'slowestOf',
              page.page ?? pageName(page.page_id),
              say(page.first_response_median_s),
            )
          : words(figures.pages ? 'noReplies' : 'notAllPages')
      }
    />
  );
}

function FailedSends({ figures: { failures } }: { figures: Figures }) {
  const { total } = failures;
  const byConversation = new Map(failures.items.map((one) => [one.conversation.id, one]));
  return (
    <Tile
      name={words('failed')}
      value={total < MOST_COUNTED ? formatNumber(total) : `${formatNumber(total)}+`}
      bad={total > 0}
      more={
        total === 0
          ? words('allSent')
          : [...byConversation.values()].slice(0, NAMED).map(({ conversation, message }) => (
              <span key={conversation.id} class={styles.line}>
                <a href={openAt(conversation)}>
                  {conversation.customer.name ?? conversation.customer.external_id}
                </a>
                {message.error && `: ${message.error.text[language.value]}`}
              </span>
            ))
      }
    />
  );
}

function Fairness({ figures }: { figures: Figures }) {
  const found = spreads(figures.fairness ?? []);
  const widest = found[0];
  const empty = words(figures.fairness ? 'noFairness' : 'notAllPages');
  return (
    <Tile
      name={words('fairness')}
      value={widest ? `±${formatNumber(widest.most - widest.fewest)}` : '–'}
      bad={widest !== undefined && widest.most - widest.fewest > WIDE}
      more={
        <>
          {widest ? words('fairnessToday') : empty}
          {found.map(({ rule, name, most, fewest, mostAgent, fewestAgent }) => (
            <span key={rule} class={styles.line}>
              <a href={`/rules/${encodeURIComponent(rule)}`}>{name}</a>{' '}
              {formatNumber(most - fewest)}
              {': '}
              {words(
                'spread',
                `${agentName(mostAgent)} ${formatNumber(most)}`,
                `${agentName(fewestAgent)} ${formatNumber(fewest)}`,
              )}
            </span>
          ))}
        </>
      }
    />
  );
}
