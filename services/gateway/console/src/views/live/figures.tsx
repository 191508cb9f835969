import type { Lane } from '../../live/store';
import { formatNumber } from '../../texts';
import { Meter } from '../../ui';
import { now } from '../../ui/clock';
import styles from './live.module.css';
import { words } from './texts';

const HOUR_MS = 3_600_000;
/** Private replies that Facebook allows a page in an hour. */
const PRIVATE_REPLIES = 750;
const WIDTH = 120;
const HEIGHT = 28;

/** How fast comments come, and what is left to do. */
export function Figures({ lane }: { lane: Lane }) {
  const seconds = lane.perSecond.value;
  return (
    <div class={styles.figures}>
      <Sparkline values={seconds} />
      <strong>{words('rate', formatNumber(seconds.at(-2) ?? 0))}</strong>
      <span>{words('mine', formatNumber(lane.mine.value))}</span>
      <span class={styles.warn}>{words('unclaimed', formatNumber(lane.unclaimed.value))}</span>
      {lane.failed.value > 0 && (
        <span class={styles.bad}>{words('failed', formatNumber(lane.failed.value))}</span>
      )}
      <PrivateReplies lane={lane} />
    </div>
  );
}

function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    return `${(index * step).toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
  });
  return (
    <svg
      role="img"
      aria-label={words('perSecond')}
      class={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}

/** Against what the channel allows in an hour, of those that are in this lane. */
function PrivateReplies({ lane }: { lane: Lane }) {
  const since = now.value - HOUR_MS;
  const sent = lane.ids.value.filter((id) => {
    const message = lane.comment(id).peek()?.message;
    return !!message?.private_reply && Date.parse(message.at) > since;
  }).length;
  return <Meter label={words('privateReplies')} value={sent} max={PRIVATE_REPLIES} />;
}
