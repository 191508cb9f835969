import type { ComponentChildren } from 'preact';
import { formatNumber } from '../texts';
import { IconButton } from './button';
import { join } from './join';
import styles from './marks.module.css';
import type { Tone } from './notice';
import tones from './tones.module.css';

interface BadgeProps {
  count: number;
  quiet?: boolean;
  /** Within something that has a name of its own: in parentheses, which are not drawn, the number
   * is no part of what the name has to repeat. */
  aside?: boolean;
}

/** A count at something; more than 99 is "99+". Nothing for none. */
export function Badge({ count, quiet, aside }: BadgeProps) {
  if (count <= 0) return null;
  return (
    <span class={join(styles.badge, quiet && styles.soft)}>
      {aside && <i class={styles.aside}>(</i>}
      {count > 99 ? '99+' : count}
      {aside && <i class={styles.aside}>)</i>}
    </span>
  );
}

export interface ChipProps {
  children: ComponentChildren;
  tone?: Tone | 'plain';
  /** Takes it away; says what its button is called. */
  onRemove?: { label: string; run: () => void };
  colour?: string;
}

export function Chip({ children, tone = 'plain', onRemove, colour }: ChipProps) {
  return (
    <span class={join(styles.chip, tone === 'plain' ? styles.plain : tones[tone])}>
      {colour && <span class={styles.dot} style={{ background: colour }} />}
      <span class={styles.text}>{children}</span>
      {onRemove && (
        <IconButton
          small
          class={styles.off}
          icon="close"
          label={onRemove.label}
          onClick={onRemove.run}
        />
      )}
    </span>
  );
}

export interface MeterProps {
  label: string;
  value: number;
  max: number;
  /** From which share of `max` on it warns; above 1 it never does. */
  warnFrom?: number;
}

export function Meter({ label, value, max, warnFrom = 0.8 }: MeterProps) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <div class={styles.meter}>
      <span>{label}</span>
      <span class={styles.value}>
        {formatNumber(value)}/{formatNumber(max)}
      </span>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={value}
        class={join(styles.bar, share >= warnFrom && (share >= 1 ? styles.full : styles.near))}
      >
        <div style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

/** A key of the keyboard. */
export function Key({ children }: { children: ComponentChildren }) {
  return <kbd class={styles.key}>{children}</kbd>;
}
