// The thread: messages by their ids, each in its place, and what is not sent yet at the end.

const shown = new Map(); // by the message's id
const days = new Map(); // by a day's name, the line above its messages
const GROUP_MS = 5 * 60_000;
const READ_MS = 1_000;
let isPinned = true; // to its end, unless somebody reads further up
let version = "";
let isRead = false; // whether those are read, and new ones are announced
let replies = []; // those that are shown, oldest first

function goToEnd() {
  isPinned = true;
  thread.scrollTop = thread.scrollHeight;
  newer.hidden = true;
}

thread.addEventListener("scroll", () => {
  isPinned = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
  if (isPinned) newer.hidden = true;
}, { passive: true });
// Messages come, pictures get a height, and what is below the thread grows.
const resizes = new ResizeObserver(() => {
  if (isPinned) goToEnd();
});
resizes.observe(thread);
resizes.observe(list);

function makeLink(url, ...children) {
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

// A text whose addresses can be followed.
function makeText(written) {
  const parts = written.split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]])/);
  return make("p", { className: "text" },
    ...parts.map((part, index) => (index % 2 ? makeLink(part, part) : part)));
}

function makeFile(file) {
  const url = base + file.url;
  const name = file.name || words.file;
  if (file.kind !== "image") return makeLink(url, name);
  const link = makeLink(url, make("img", { src: url, alt: name }));
  link.setAttribute("aria-label", `${name}, ${words.tab}`);
  return link;
}

// An entry of the list: `by` is null if the visitor wrote it.
function makeEntry(by, ...content) {
  const foot = make("p", { className: "foot" });
  const bubble = make("div", { className: "bubble" }, ...content);
  const element = make("li", { className: by === null ? "own" : "" },
    make("span", { className: "by", textContent: by === null ? words.you : by }), bubble, foot);
  return { element, bubble, foot, by, links: [] };
}

function build(message) {
  const content = message.text ? [makeText(message.text)] : [];
  const files = (message.attachments || []).map(makeFile);
  const by = message.direction === "out" ? null : message.agent?.name || "";
  return Object.assign(makeEntry(by, ...content, ...files), { links: files });
}

// Shows a message, or what is new of it: in the place of what was sent, if that is it.
function take(message) {
  const at = Date.parse(message.at);
  let entry = shown.get(message.id);
  if (!entry) {
    const waiting = memory.pending.find((one) => one.id === message.id);
    entry = waiting ? settle(waiting, message) : build(message);
    shown.set(message.id, entry);
  }
  // The address of a file is valid for a day.
  entry.links.forEach((link, index) => { link.href = base + message.attachments[index].url; });
  if (entry.at === at) return;
  entry.at = at;
  const time = make("time", {
    dateTime: message.at, textContent: tellTime(at), title: new Date(at).toLocaleString(language),
  });
  entry.foot.replaceChildren(time);
  if (entry.by === null) {
    entry.foot.append(make("span", { className: "sent", textContent: ` · ${words.sent}` }));
  }
}

function findDay(at) {
  const name = tellDay(at);
  if (!days.has(name)) days.set(name, make("li", { className: "day", textContent: name }));
  return days.get(name);
}

// Puts all entries in their order: a reply may be shown after what was written later. What is in
// its place stays untouched, so that nothing is read out twice.
function arrange() {
  const entries = [...shown.values()].sort((one, other) => one.at - other.at);
  const newestOwn = entries.findLast((one) => one.by === null);
  const wanted = [];
  entries.forEach((entry, index) => {
    const day = findDay(entry.at);
    if (!wanted.includes(day)) wanted.push(day);
    const [before, after] = [entries[index - 1], entries[index + 1]];
    const joins = (one, next) => one && next && one.by === next.by
      && next.at - one.at < GROUP_MS && findDay(one.at) === findDay(next.at);
    entry.element.classList.toggle("first", !joins(before, entry));
    entry.element.classList.toggle("last", !joins(entry, after));
    entry.element.classList.toggle("newest", entry === newestOwn);
    wanted.push(entry.element);
  });
  for (const waiting of memory.pending) {
    const entry = outgoing.get(waiting.client_id);
    if (entry && !wanted.includes(entry.element)) wanted.push(entry.element);
  }
  let next = list.firstChild;
  for (const element of wanted) {
    if (element === next) next = next.nextSibling;
    else list.insertBefore(element, next);
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

function show(view) {
  const isFirst = !version;
  version = view.version;
  const before = replies.at(-1)?.id;
  view.messages.forEach(take);
  replies = view.messages.filter((one) => one.direction === "in")
    .map((one) => ({ id: one.id, at: Date.parse(one.at) }));
  arrange();
  banner.textContent = "";
  loading.hidden = true;
  away.hidden = view.online;
  state.textContent = !view.online ? words.away
    : view.agent ? words.answers(view.agent.name) : words.online;
  state.classList.toggle("online", view.online);
  typing.textContent = view.typing ? words.typing(view.agent?.name) : "";
  if (isFirst) {
    choices.open = !view.messages.length;
    setTimeout(() => {
      isRead = true;
      look();
    }, READ_MS);
  }
  if (!isPinned && replies.at(-1)?.id !== before) newer.hidden = false;
  look();
}

function look() {
  const newest = Math.max(0, ...replies.map((one) => one.at));
  if (!panel.hidden && newest > memory.seen) remember({ seen: newest });
  const unread = replies.filter((one) => one.at > memory.seen).length;
  count.hidden = memory.quiet || !unread || !panel.hidden;
  count.textContent = String(unread);
  const name = count.hidden ? words.open : `${words.open}, ${words.unread(unread)}`;
  launcher.setAttribute("aria-label", name);
  launcher.title = name;
  thread.setAttribute("aria-live", isRead && !memory.quiet ? "polite" : "off");
  quiet.setAttribute("aria-pressed", String(memory.quiet));
  tell();
}
