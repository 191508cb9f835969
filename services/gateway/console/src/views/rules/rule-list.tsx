import type { Schema } from '../../api/client';
import { pages } from '../../live/directory';
import { href } from '../../router';
import { hasRight } from '../../session';
import { t } from '../../texts';
import { Chip, Icon, Notice, State } from '../../ui';
import { coverage, type Rule } from './coverage';
import styles from './rules.module.css';
import { words } from './texts';

interface RuleListProps {
  rules: readonly Rule[];
  settings: Schema<'SettingsView'>;
  current: string | null;
}

/** The rules with the pages that each decides for, and the pages for which none does. */
export function RuleList({ rules, settings, current }: RuleListProps) {
  const { covered, missing } = coverage(rules, pages.value);
  return (
    <section class={styles.list} aria-label={words('rulesLabel')}>
      <header class={styles.head}>
        <h1>{t('rules')}</h1>
        {hasRight('manage') && (
          <a class={styles.new} href={href('rules', 'new')}>
            <Icon name="plus" size={16} />
            {words('newRule')}
          </a>
        )}
      </header>
      {!(settings.assignment && settings.auto_assign) && (
        <Notice
          tone="warn"
          actions={<a href={href('settings', 'behaviour')}>{words('toSettings')}</a>}
        >
          {words('autoOff')}
        </Notice>
      )}
      {rules.length === 0 && (
        <State icon="rules" title={words('noRules')}>
          {words('noRulesHint')}
        </State>
      )}
      <ul class={styles.rows}>
        {rules.map((rule) => (
          <li key={rule.id}>
            <a
              class={styles.row}
              href={href('rules', rule.id)}
              aria-current={rule.id === current ? 'true' : undefined}
            >
              <span class={styles.rowHead}>
                <strong>{rule.name}</strong>
                {!rule.enabled && <Chip tone="warn">{words('disabled')}</Chip>}
                {rule.pages === null && <Chip>{words('defaultRule')}</Chip>}
              </span>
              <span class={styles.soft}>
                {(covered.get(rule.id) ?? []).map(({ name }) => name).join(', ') ||
                  words('coversNothing')}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {missing.length > 0 && (
        <div class={styles.missing}>
          <h2 class={styles.part}>
            <Icon name="warning" size={16} /> {words('uncovered')}
          </h2>
          <p class={styles.soft}>{words('uncoveredHint')}</p>
          <ul>
            {missing.map((page) => (
              <li key={page.id}>
                {hasRight('manage') ? (
                  <a href={href('rules', 'new', { page: page.id })}>{page.name}</a>
                ) : (
                  page.name
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
