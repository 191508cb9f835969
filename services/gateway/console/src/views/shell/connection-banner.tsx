import { useStore } from '../../live/context';
import { Icon } from '../../ui';
import styles from './shell.module.css';
import { words } from './texts';

/** Says that what is shown may be old. */
export function ConnectionBanner() {
  if (useStore().connection.value !== 'reconnecting') return null;
  return (
    <div class={styles.banner} role="status">
      <Icon name="refresh" size={16} />
      {words(navigator.onLine ? 'reconnecting' : 'offline')}
    </div>
  );
}
