import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { loadDirectory } from '../../live/directory';
import { href, routeId } from '../../router';
import { hasRight, type Me } from '../../session';
import { t } from '../../texts';
import { NotFound, Notice } from '../../ui';
import { Audit } from './audit';
import * as channels from './channel-sections';
import * as customers from './customer-sections';
import { DeadLetters } from './dead-letters';
import { OrganizationSettings } from './organization-settings';
import { OwnPreferences } from './own-preferences';
import { Reports } from './reports';
import * as routing from './routing-sections';
import type { Section } from './section';
import { SectionView } from './section-view';
import styles from './settings.module.css';
import { SupportTeam } from './support-team';
import { type Word, words } from './texts';

type Right = Me['rights'][number];

interface Part {
  key: string;
  title: Word;
  /** Who gets to see it; null is everybody. */
  right: Right | null;
  /** Who may change it; null where there is nothing to change, or one's own. */
  write: Section['write'] | null;
  View: ComponentType;
}

const listed = (section: Section, right: Right | null = 'read_setup'): Part => ({
  key: section.key,
  title: section.title,
  right,
  write: section.write,
  View: () => <SectionView section={section} />,
});

const GROUPS: readonly [Word, readonly Part[]][] = [
  ['groupOwn', [{ key: 'me', title: 'own', right: null, write: null, View: OwnPreferences }]],
  [
    'groupChannels',
    [
      listed(channels.pages),
      listed(channels.staff),
      { key: 'support', title: 'support', right: 'read_setup', write: 'manage', View: SupportTeam },
      listed(channels.templates, null),
    ],
  ],
  [
    'groupRouting',
    [
      {
        key: 'behaviour',
        title: 'general',
        right: 'read_setup',
        write: 'manage',
        View: OrganizationSettings,
      },
      listed(routing.departments),
      listed(routing.regions),
      listed(routing.groups),
      listed(routing.links),
    ],
  ],
  [
    'groupCustomers',
    [
      listed(customers.fields),
      listed(customers.pipelines),
      listed(customers.teams),
      listed(customers.warehouses),
      listed(customers.campaigns),
      listed(customers.sharing),
      listed(customers.integrations),
      listed(customers.numbers),
    ],
  ],
  [
    'groupSystem',
    [
      { key: 'reports', title: 'reports', right: 'read_setup', write: null, View: Reports },
      { key: 'audit', title: 'audit', right: 'manage', write: null, View: Audit },
      {
        key: 'dead-letters',
        title: 'deadLetters',
        right: 'manage',
        write: null,
        View: DeadLetters,
      },
    ],
  ],
];

function parts(): readonly [Word, readonly Part[]][] {
  return GROUPS.map(([title, all]): [Word, readonly Part[]] => [
    title,
    all.filter(({ right }) => right === null || hasRight(right)),
  ]).filter(([, shown]) => shown.length > 0);
}

export default function Settings() {
  const shown = parts();
  const all = shown.flatMap(([, group]) => group);
  const id = routeId.value;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    void loadDirectory().catch(() => {});
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another part is another place in it
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [id]);
  const current = id ? all.find(({ key }) => key === id) : all.find(({ key }) => key === first());
  return (
    <div class={styles.settings} data-open={id !== null}>
      <nav ref={nav} class={styles.nav} aria-label={t('settings')}>
        <h1>{t('settings')}</h1>
        {hasRight('manage') && (
          <a class={styles.link} href={href('welcome')}>
            {t('welcome')}
          </a>
        )}
        {shown.map(([title, group]) => (
          <section key={title}>
            <h2>{words(title)}</h2>
            <ul>
              {group.map((part) => (
                <li key={part.key}>
                  <a
                    class={styles.link}
                    href={href('settings', part.key)}
                    aria-current={part === current ? 'page' : undefined}
                  >
                    {words(part.title)}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <div class={styles.body}>
        <a class={styles.back} href={href('settings')}>
          {t('back')}
        </a>
        {current?.write && !hasRight(current.write) && (
          <Notice>{words(current.write === 'manage' ? 'onlyAdmins' : 'onlyManagers')}</Notice>
        )}
        {current ? <current.View key={current.key} /> : <NotFound />}
      </div>
    </div>
  );
}

function first(): string {
  return hasRight('read_setup') ? 'pages' : 'me';
}
