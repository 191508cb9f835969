/** Drawn with lines of 1.75 in a square of 24. */
const PATHS = {
  inbox: 'M3 13h5l1.5 3h5L16 13h5M5.5 5h13L21 13v6H3v-6z',
  comment: 'M4 5h16v11H10l-4 4v-4H4z',
  post: 'M5 4h14v16H5zM8 8h8M8 12h8M8 16h5',
  live: 'M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4M8 8a6 6 0 0 0 0 8M16 8a6 6 0 0 1 0 8M5 5a10 10 0 0 0 0 14M19 5a10 10 0 0 1 0 14',
  zalo: 'M4 4h16v16H4zM8.5 8.5h7l-7 7h7',
  chat: 'M12 4c5 0 8.5 3 8.5 7s-3.5 7-8.5 7q-1.5 0-3-.4L4 20l1.5-4Q3.5 14 3.5 11c0-4 3.5-7 8.5-7z',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5c2 .8 3.200 2.600 3.5 5.5',
  board: 'M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z',
  rules:
    'M6 4v10M6 18v2M12 4v3M12 11v9M18 4v9M18 17v3M6 14a2 2 0 1 0 0 4 2 2 0 0 0 0-4M12 7a2 2 0 1 0 0 4 2 2 0 0 0 0-4M18 13a2 2 0 1 0 0 4 2 2 0 0 0 0-4',
  settings:
    'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M19 12l2-1.5-2-3.5-2.5 1a6 6 0 0 0-1.5-1L14.5 4.5h-5L9 7a6 6 0 0 0-1.5 1L5 7l-2 3.5L5 12l-2 1.5L5 17l2.5-1a6 6 0 0 0 1.5 1l.5 2.5h5L15 17a6 6 0 0 0 1.5-1l2.5 1 2-3.5z',
  flag: 'M5 21V4h12l-2 4 2 4H5',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l5 5',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2 12.5l4.5 4.5L16 7.5M11 15.5l1.5 1.5L22 7.5',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M19 12H5M11 6l-6 6 6 6',
  down: 'M6 9.5l6 6 6-6',
  right: 'M9.5 6l6 6-6 6',
  left: 'M14.5 6l-6 6 6 6',
  menu: 'M4 7h16M4 12h16M4 17h16',
  send: 'M4 12l16-8-5 16-3.5-6.5zM11.5 13.5L20 4',
  clip: 'M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.5-6.5L13 4.5a3 3 0 0 1 4.5 4.5L10 16.5a1.5 1.5 0 0 1-2-2L15 8',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 8.5h.01',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  more: 'M5 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2M12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2M19 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 21c.5-4.5 3.5-6.5 7.5-6.5s7 2 7.5 6.5',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.5l3 2',
  tag: 'M4 4h8l8 8-8 8-8-8zM8 8h.01',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19',
  globe: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M4 12h16M12 4c5 5 5 11 0 16M12 4c-5 5-5 11 0 16',
  keyboard: 'M3 7h18v10H3zM7 10h.01M10.5 10h.01M14 10h.01M17 10h.01M8 14h8',
  leave: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  refresh: 'M19 8a8 8 0 1 0 1 6M20 4v5h-5',
  eye: 'M2.5 12C5 7.5 8 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.5 6.5-9.5 6.5S5 16.5 2.5 12M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5',
  eyeOff: 'M4 4l16 16M9 6c5-1.5 9.5.5 12.5 6q-1 2-2.5 3.5M6 8q-2 1.5-3.5 4c3 5.5 7.5 7.5 12.5 6',
  heart: 'M12 20C5 15 3.5 12 3.5 9A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 8.5 2c0 3-1.5 6-8.5 11z',
  reply: 'M9 6l-5 5 5 5M4 11h9c4 0 6.5 2.5 7 7',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  warning: 'M12 4l9.5 16h-19zM12 10v4.5M12 17.5h.01',
  external: 'M18 13v7H4V6h7M14 4h6v6M20 4l-9 9',
  filter: 'M4 6h16M7 12h10M10 18h4',
  sound: 'M4 10v4h3.5L12 18V6L7.5 10zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  edit: 'M4 20v-4L15.5 4.5l4 4L8 20zM13 7l4 4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  upload: 'M12 16V5M7 9l5-5 5 5M4 20h16',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  question:
    'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M9.5 10a2.5 2.5 0 1 1 3.5 2.300q-1 .5-1 1.700M12 16.5h.01',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
