import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client';
import type { Counts } from '../../core/model';
import { agentName, agents, pageName, pages } from '../../live/directory';
import { formatNumber } from '../../texts';
import { Button, Menu, type MenuItem, type Option, Picker } from '../../ui';
import { type Chosen, type InboxView, isFiltered } from './filters';
import styles from './inbox.module.css';
import { words } from './texts';

const CHANNELS = ['facebook', 'zalo', 'livechat'] as const;
const CHANNEL_NAMES = { facebook: 'Facebook', zalo: 'Zalo', livechat: 'Livechat' } as const;

export function channelName(channel: string): string {
  return channel in CHANNEL_NAMES ? CHANNEL_NAMES[channel as 'zalo'] : channel;
}

interface FiltersProps {
  view: InboxView;
  chosen: Chosen;
  counts: Counts | null;
  onChoose: (chosen: Chosen) => void;
}

/** What the list is filtered by; each filter says its state. */
export function Filters({ view, chosen, counts, onChoose }: FiltersProps) {
  const put = (changes: Chosen) => onChoose({ ...chosen, ...changes });
  const toggled = <K extends keyof Chosen>(name: K, value: NonNullable<Chosen[K]>) => ({
    'aria-pressed': chosen[name] === value,
    onClick: () => put({ [name]: chosen[name] === value ? undefined : value }),
  });
  const { assignee } = chosen;
  const someone = assignee && assignee !== 'me' && assignee !== 'none' ? assignee : null;
  return (
    <div class={styles.filters} role="group" aria-label={words('filters')}>
      <Button small {...toggled('state', 'unread')}>
        {words('unread')}
        {counts && counts.unread > 0 && (
          <span class={styles.count}>{formatNumber(counts.unread)}</span>
        )}
      </Button>
      <Button small {...toggled('assignee', 'none')}>
        {words('unassigned')}
      </Button>
      <Button small {...toggled('assignee', 'me')}>
        {words('mine')}
      </Button>
      <Button small {...toggled('done', 'true')}>
        {words('showDone')}
      </Button>
      <Picker
        small
        kind="plain"
        label={words('assignee')}
        aria-pressed={someone !== null}
        options={agents.value.map(({ id, name }) => ({
          value: id,
          text: name,
          chosen: id === someone,
        }))}
        onPick={(id) => put({ assignee: id === someone ? undefined : id })}
      >
        {someone ? agentName(someone) : words('assignee')}
      </Picker>
      {pages.value.length > 1 && (
        <Menu
          small
          kind="plain"
          label={words('page')}
          aria-pressed={chosen.page !== undefined}
          items={pageItems(view, chosen, put)}
          face={chosen.page ? pageName(chosen.page) : words('page')}
        />
      )}
      {view === 'inbox' && (
        <Menu
          small
          kind="plain"
          label={words('channel')}
          aria-pressed={chosen.channel !== undefined}
          items={channelItems(chosen, put)}
          face={chosen.channel ? channelName(chosen.channel) : words('channel')}
        />
      )}
      <TagFilter chosen={chosen.tag ?? null} onPick={(tag) => put({ tag })} />
      {isFiltered(chosen) && (
        <Button small kind="quiet" icon="close" onClick={() => onChoose({})}>
          {words('clearFilters')}
        </Button>
      )}
    </div>
  );
}

type Put = (changes: Chosen) => void;

function pageItems(view: InboxView, chosen: Chosen, put: Put): MenuItem[] {
  const shown = pages.value.filter(({ channel }) =>
    view === 'zalo' || view === 'livechat' ? channel === view : true,
  );
  const one = (id: string | undefined, text: string): MenuItem => ({
    key: id ?? '',
    text,
    checked: chosen.page === id,
    onPick: () => put({ page: id }),
  });
  return [one(undefined, words('allPages')), ...shown.map(({ id, name }) => one(id, name))];
}

function channelItems(chosen: Chosen, put: Put): MenuItem[] {
  const one = (channel: string | undefined, text: string): MenuItem => ({
    key: channel ?? '',
    text,
    checked: chosen.channel === channel,
    onPick: () => put({ channel }),
  });
  return [
    one(undefined, words('allChannels')),
    ...CHANNELS.map((channel) => one(channel, channelName(channel))),
  ];
}

interface TagFilterProps {
  chosen: string | null;
  onPick: (tag: string | undefined) => void;
}

function TagFilter({ chosen, onPick }: TagFilterProps) {
  const [query, setQuery] = useState('');
  const tags = useTags(query);
  const options = tags.map((tag): Option => ({ value: tag, text: tag, chosen: tag === chosen }));
  return (
    <Picker
      small
      kind="plain"
      label={words('tag')}
      aria-pressed={chosen !== null}
      options={options}
      onQuery={setQuery}
      onPick={(tag) => onPick(tag === chosen ? undefined : tag)}
    >
      {chosen ?? words('tag')}
    </Picker>
  );
}

/** The organization's tags that contain the query. */
export function useTags(query: string): readonly string[] {
  const [found, setFound] = useState<readonly string[]>([]);
  useEffect(() => {
    let over = false;
    const asked = take(api.GET('/v1/tags', { params: { query: { q: query, limit: 20 } } }));
    asked.then(
      ({ items }) => !over && setFound(items.map(({ tag }) => tag)),
      () => {},
    );
    return () => {
      over = true;
    };
  }, [query]);
  return found;
}
