import { useStore } from '../../live/context';
import { href, routeView } from '../../router';
import { formatNumber, t } from '../../texts';
import { Badge, Icon, join } from '../../ui';
import { AccountMenu } from './account-menu';
import { LanguageSwitch } from './language-switch';
import { type Place, places } from './navigation';
import { PresenceSwitch } from './presence-switch';
import styles from './shell.module.css';
import { words } from './texts';

interface RailProps {
  /** Names stand beside the icons. */
  wide?: boolean;
  onHelp: () => void;
  onGone?: () => void;
}

export function Rail({ wide, onHelp, onGone }: RailProps) {
  return (
    <div class={join(styles.rail, wide && styles.wide)}>
      <nav aria-label={t('navigation')} class={styles.places}>
        {places().map((place) => (
          <PlaceLink key={place.view} place={place} onGone={onGone} />
        ))}
      </nav>
      <div class={styles.own}>
        <LanguageSwitch wide={wide} />
        <PresenceSwitch wide={wide} />
        <AccountMenu wide={wide} onHelp={onHelp} />
      </div>
    </div>
  );
}

function PlaceLink({ place, onGone }: { place: Place; onGone?: () => void }) {
  const { counts } = useStore();
  const { view, icon, count } = place;
  const unread = count ? (counts.value?.[count.by][count.of] ?? 0) : 0;
  const here = routeView.value === view;
  return (
    <a
      href={href(view)}
      class={styles.place}
      aria-label={t(view)}
      aria-current={here ? 'page' : undefined}
      aria-describedby={unread ? `unread-${view}` : undefined}
      title={t(view)}
      onClick={onGone}
    >
      <Icon name={icon} size={20} />
      <span class={styles.name}>{t(view)}</span>
      <Badge count={unread} aside />
      {unread > 0 && (
        <span hidden id={`unread-${view}`}>
          {words('unread', formatNumber(unread))}
        </span>
      )}
    </a>
  );
}
