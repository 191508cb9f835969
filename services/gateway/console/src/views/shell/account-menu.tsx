import { prefer, preferences } from '../../preferences';
import { href, navigate } from '../../router';
import { logout, me } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Avatar, Menu, type MenuItem, toast } from '../../ui';
import { setTheme, type Theme, theme } from '../../ui/theme';
import styles from './shell.module.css';
import { words } from './texts';

/** The next viewer does not begin where this one was. */
async function leave(): Promise<void> {
  try {
    await logout();
    navigate(href('login'), 'replace');
  } catch (problem) {
    toast(sayProblem(problem), 'bad');
  }
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function AccountMenu({ wide, onHelp }: { wide?: boolean; onHelp: () => void }) {
  const viewer = me.value;
  const sound = preferences.value.sound !== false;
  const items: MenuItem[] = [
    ...THEMES.map((one) => ({
      key: one,
      text: `${words('appearance')}: ${words(one)}`,
      checked: theme.value === one,
      onPick: () => setTheme(one),
    })),
    {
      key: 'sound',
      icon: 'sound',
      text: words(sound ? 'soundOff' : 'sound'),
      onPick: () => prefer({ sound: !sound }),
    },
    { key: 'help', icon: 'keyboard', text: words('help'), hint: '?', onPick: onHelp },
    { key: 'leave', icon: 'leave', text: words('logOut'), onPick: () => void leave() },
  ];
  return (
    <Menu
      label={t('account')}
      items={items}
      head={
        <div class={styles.who}>
          <strong>{viewer?.name}</strong>
          <span>{viewer?.organization}</span>
        </div>
      }
      face={
        <>
          <Avatar name={viewer?.name ?? null} size={28} />
          {wide && <span class={styles.name}>{viewer?.name}</span>}
        </>
      }
    />
  );
}
