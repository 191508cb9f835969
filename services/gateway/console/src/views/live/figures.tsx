import type { ReadonlySignal } from '@preact/signals';
import type { Lane } from '../../live/store';
import { formatNumber } from '../../texts';
import { Meter } from '../../ui';
import styles from './live.module.css';
import { words } from './texts';

/** Private replies that Facebook allows a page in an hour. */
const PRIVATE_REPLIES = 750;
const WIDTH = 120;
const HEIGHT = 28;

/** How fast comments come, and what is left to do. Each figure is drawn by itself: some change with
 * every comment. */
export function Figures({ lane }: { lane: Lane }) {
  return (
    <div class={styles.figures}>
      <Speed perSecond={lane.perSecond} />
      <Count word="mine" count={lane.mine} />
      <Count word="unclaimed" count={lane.unclaimed} class={styles.warn} />
      <Count word="failed" count={lane.failed} class={styles.bad} />
      <PrivateReplies sent={lane.privateReplies} />
    </div>
  );
}

interface CountProps {
  word: 'mine' | 'unclaimed' | 'failed';
  count: ReadonlySignal<number>;
  class?: string;
}

function Count({ word, count, ...rest }: CountProps) {
  const is = count.value;
  return <span class={is > 0 ? rest.class : undefined}>{words(word, formatNumber(is))}</span>;
}

function PrivateReplies({ sent }: { sent: ReadonlySignal<number> }) {
  const left = Math.max(0, PRIVATE_REPLIES - sent.value);
  const label = words('privateReplies', formatNumber(left));
  return <Meter label={label} value={sent.value} max={PRIVATE_REPLIES} />;
}

function Speed({ perSecond }: { perSecond: ReadonlySignal<readonly number[]> }) {
  const values = perSecond.value;
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    return `${(index * step).toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
  });
  return (
    <>
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
      <strong>{words('rate', formatNumber(values.at(-2) ?? 0))}</strong>
    </>
  );
}
