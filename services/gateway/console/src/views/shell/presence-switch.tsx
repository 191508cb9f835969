import type { Status } from '../../core/model';
import { useStore } from '../../live/context';
import { me } from '../../session';
import { t } from '../../texts';
import { join, Menu, toast } from '../../ui';
import styles from './shell.module.css';
import { words } from './texts';

const STATUSES: readonly Status[] = ['online', 'away', 'offline'];

export function PresenceSwitch({ wide }: { wide?: boolean }) {
  const store = useStore();
  const own = store.presence.value.get(me.value?.agent_id ?? '')?.status;
  const status = own ?? me.value?.presence ?? 'offline';
  const items = STATUSES.map((one) => ({
    key: one,
    text: t(one),
    checked: one === status,
    onPick: async () => {
      const answer = await store.setPresence(one);
      if (!answer.ok) toast(answer.problem.detail || words('failedPresence'), 'bad');
    },
  }));
  return (
    <Menu
      label={`${words('presence')}: ${t(status)}`}
      items={items}
      class={styles.presence}
      face={
        <>
          <span class={join(styles.light, styles[status])} />
          {wide && t(status)}
        </>
      }
    />
  );
}
