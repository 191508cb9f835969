import { language } from './dictionary';

/** Times and numbers in the viewer's language, at the viewer's own time zone. */

type Style = Intl.DateTimeFormatOptions;
const dates = new Map<string, Intl.DateTimeFormat>();

function dateFormat(style: Style): Intl.DateTimeFormat {
  const locale = language.value === 'vi' ? 'vi-VN' : 'en-GB';
  const key = locale + JSON.stringify(style);
  let found = dates.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, style);
    dates.set(key, found);
  }
  return found;
}

const NUMBERS = { vi: new Intl.NumberFormat('vi-VN'), en: new Intl.NumberFormat('en-GB') };

export function formatNumber(value: number): string {
  return NUMBERS[language.value].format(value);
}

export function formatClock(at: string | number | Date): string {
  return dateFormat({ hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));
}

export function formatDay(at: string | number | Date): string {
  return dateFormat({ day: '2-digit', month: '2-digit', year: 'numeric' }).format(new Date(at));
}

export function formatDateTime(at: string | number | Date): string {
  return `${formatClock(at)} ${formatDay(at)}`;
}

/** As short as it can be understood: the clock today, the day and month this year, else the day. */
export function formatShort(at: string | number | Date, now: number = Date.now()): string {
  const time = new Date(at);
  const today = new Date(now);
  if (time.toDateString() === today.toDateString()) return formatClock(time);
  if (time.getFullYear() === today.getFullYear()) {
    return dateFormat({ day: '2-digit', month: '2-digit' }).format(time);
  }
  return formatDay(time);
}

/** A duration in its largest unit, rounded down: "45 giây", "3 phút", "2 giờ", "5 ngày". */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const vi = language.value === 'vi';
  const say = (count: number, inVi: string, inEn: string) => `${count} ${vi ? inVi : inEn}`;
  if (seconds < 60) return say(seconds, 'giây', 's');
  if (seconds < 3600) return say(Math.floor(seconds / 60), 'phút', 'min');
  if (seconds < 86_400) return say(Math.floor(seconds / 3600), 'giờ', 'h');
  const days = Math.floor(seconds / 86_400);
  return say(days, 'ngày', days === 1 ? 'day' : 'days');
}

export function formatBytes(size: number): string {
  if (size < 1024) return `${formatNumber(size)} B`;
  if (size < 1024 * 1024) return `${formatNumber(Math.round(size / 1024))} KB`;
  return `${formatNumber(Math.round((size / 1024 / 1024) * 10) / 10)} MB`;
}
