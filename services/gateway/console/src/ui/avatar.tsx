import { useState } from 'preact/hooks';
import styles from './avatar.module.css';
import { colourOf, initialsOf } from './person';

export interface AvatarProps {
  name: string | null;
  /** An address of the gateway. */
  picture?: string | null;
  size?: number;
}

/** A picture, or initials on a colour of the name's own. Beside the name, so it has none itself. */
export function Avatar({ name, picture, size = 32 }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null);
  const box = {
    width: `${size}px`,
    height: `${size}px`,
    fontSize: `${Math.round(size * 0.38)}px`,
  };
  if (picture?.startsWith('/') && broken !== picture) {
    return (
      <img
        class={styles.avatar}
        style={box}
        src={picture}
        alt=""
        loading="lazy"
        decoding="async"
        onError={() => setBroken(picture)}
      />
    );
  }
  return (
    <span
      class={styles.avatar}
      style={{ ...box, '--hue': colourOf(name ?? '') }}
      aria-hidden="true"
    >
      {initialsOf(name)}
    </span>
  );
}
