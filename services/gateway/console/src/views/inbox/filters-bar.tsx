import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client';
import type { Counts } from '../../core/model';
import { agentName, agents, pageName, pages } from '../../live/directory';
import { mayInCrm } from '../../session';
import { formatNumber } from '../../texts';
import { Button, IconButton, Menu, type MenuItem, type Option, Picker } from '../../ui';
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
  const [open, setOpen] = useState(false);
  const { done, page, channel, tag } = chosen;
  const put = (changes: Chosen) => onChoose({ ...chosen, ...changes });
  const toggled = <K extends keyof Chosen>(name: K, value: NonNullable<Chosen[K]>) => ({
    'aria-pressed': chosen[name] === value,
    onClick: () => put({ [name]: chosen[name] === value ? undefined : value }),
  });
  const someone = agentOf(chosen);
  const isMore = open || [done, page, channel, tag, someone].some(Boolean);
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
      <IconButton
        small
        icon="filter"
        label={words('moreFilters')}
        aria-expanded={isMore}
        onClick={() => setOpen(!isMore)}
      />
      {isMore && (
        <>
          <Button small {...toggled('done', 'true')}>
            {words('showDone')}
          </Button>
          <AgentFilter chosen={someone} onPick={(assignee) => put({ assignee })} />
          {pages.value.length > 1 && (
            <Menu
              small
              kind="plain"
              label={named('page', page && pageName(page))}
              aria-pressed={page !== undefined}
              items={pageItems(view, chosen, put)}
              face={page ? pageName(page) : words('page')}
            />
          )}
          {view === 'inbox' && (
            <Menu
              small
              kind="plain"
              label={named('channel', channel && channelName(channel))}
              aria-pressed={channel !== undefined}
              items={channelItems(chosen, put)}
              face={channel ? channelName(channel) : words('channel')}
            />
          )}
          {mayInCrm('access') && (
            <TagFilter chosen={tag ?? null} onPick={(picked) => put({ tag: picked })} />
          )}
        </>
      )}
      {isFiltered(chosen) && (
        <Button small kind="quiet" icon="close" onClick={() => onChoose({})}>
          {words('clearFilters')}
        </Button>
      )}
    </div>
  );
}

/** A filter's name, with what is chosen. */
function named(name: 'page' | 'channel' | 'assignee' | 'tag', chosen?: string | null): string {
  return chosen ? `${words(name)}: ${chosen}` : words(name);
}

function agentOf({ assignee }: Chosen): string | null {
  return assignee && assignee !== 'me' && assignee !== 'none' ? assignee : null;
}

interface AgentFilterProps {
  chosen: string | null;
  onPick: (agent: string | undefined) => void;
}

function AgentFilter({ chosen, onPick }: AgentFilterProps) {
  const options = agents.value.map(({ id, name }): Option => {
    return { value: id, text: name, chosen: id === chosen };
  });
  return (
    <Picker
      small
      kind="plain"
      label={named('assignee', chosen && agentName(chosen))}
      aria-pressed={chosen !== null}
      options={options}
      onPick={(id) => onPick(id === chosen ? undefined : id)}
    >
      {chosen ? agentName(chosen) : words('assignee')}
    </Picker>
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
      label={named('tag', chosen)}
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
    if (!mayInCrm('access')) return;
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
