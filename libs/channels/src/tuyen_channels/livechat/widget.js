// The chat of a site's visitors: <script src="https://INGEST/livechat/APP/widget.js" async></script>
//
// Plain JavaScript without a build step. It works under a strict content security policy: elements
// are created one by one, texts are only ever text, and the one style sheet is constructed, so that
// neither inline scripts, inline styles nor HTML from strings are needed. It makes no sound, and
// opens only when it is pressed.
(() => {
  "use strict";

  const script = document.currentScript;
  const ID = "tuyen-chat";
  if (!script || document.getElementById(ID)) return;

  const HOME = ""; // the address of INGEST, in a copy that another service serves
  const own = script.src.replace(/widget\.js(?:[?#].*)?$/, "");
  const app = own.split("/").slice(-2)[0];
  const base = HOME ? `${HOME}/livechat/${app}/` : own;
  const site = script.dataset; // userId, userHash, name, lang

  const WAIT_S = 25;
  const MOST_BYTES = 10 * 1024 * 1024;
  const MOST_CHARACTERS = 5000;
  const KINDS = ["image/jpeg", "image/png", "image/gif", "image/webp"];

  const TEXTS = {
    vi: {
      title: "Trò chuyện", open: "Mở cửa sổ trò chuyện", close: "Đóng", send: "Gửi",
      write: "Nhập tin nhắn…", picture: "Gửi ảnh", quiet: "Yên lặng",
      online: "Chúng tôi đang trực tuyến",
      offline: "Hiện không có ai trực tuyến. Bạn cứ để lại tin nhắn, chúng tôi sẽ trả lời sau.",
      answers: (name) => `${name} đang hỗ trợ bạn`, typing: "Đang soạn tin…",
      department: "Phòng ban", region: "Khu vực", any: "Bất kỳ",
      sending: "Đang gửi…", failed: "Chưa gửi được", again: "Gửi lại", you: "Bạn",
      unread: (count) => `${count} tin nhắn mới`, file: "Tệp",
      large: "Ảnh không được quá 10 MB.", kind: "Chỉ gửi được ảnh JPEG, PNG, GIF hoặc WebP.",
      lost: "Mất kết nối, đang thử lại…",
    },
    en: {
      title: "Chat", open: "Open the chat", close: "Close", send: "Send",
      write: "Write a message…", picture: "Send a picture", quiet: "Quiet",
      online: "We are online",
      offline: "Nobody is online now. Leave a message, and we will answer later.",
      answers: (name) => `${name} answers you`, typing: "Writing…",
      department: "Department", region: "Region", any: "Any",
      sending: "Sending…", failed: "Not sent", again: "Send again", you: "You",
      unread: (count) => `${count} new messages`, file: "File",
      large: "A picture has at most 10 MB.", kind: "Send a JPEG, PNG, GIF or WebP picture.",
      lost: "The connection was lost, trying again…",
    },
  };
  const language = site.lang || document.documentElement.lang || navigator.language || "vi";
  const words = /^vi\b/i.test(language) ? TEXTS.vi : TEXTS.en;

  const STYLE = `
    :host { all: initial; position: fixed; inset: auto 16px 16px auto; z-index: 2147483000;
      font: 15px/1.4 system-ui, sans-serif; color: #1b1f24; color-scheme: light; }
    * { box-sizing: border-box; font: inherit; }
    [hidden] { display: none !important; }
    button { cursor: pointer; border: 0; border-radius: 8px; background: none; color: inherit; }
    :focus-visible { outline: 3px solid #7ab0ff; outline-offset: 2px; }
    .launcher { position: relative; width: 56px; height: 56px; border-radius: 50%;
      background: #0b57d0; color: #fff; box-shadow: 0 4px 16px #0004; margin-left: auto;
      display: block; }
    svg { width: 22px; height: 22px; vertical-align: middle; }
    .launcher svg { width: 26px; height: 26px; }
    .count { position: absolute; top: -4px; right: -4px; min-width: 22px; padding: 1px 6px;
      border-radius: 11px; background: #c5221f; color: #fff; font-size: 13px; }
    .panel { display: flex; flex-direction: column; width: min(370px, calc(100vw - 32px));
      height: min(540px, calc(100vh - 112px)); margin-bottom: 12px; overflow: hidden;
      background: #fff; border: 1px solid #d5d9de; border-radius: 14px;
      box-shadow: 0 8px 32px #0003; }
    header { display: flex; align-items: center; gap: 4px; padding: 10px 8px 10px 16px;
      background: #0b57d0; color: #fff; }
    header div { flex: 1; min-width: 0; }
    h2 { margin: 0; font-weight: 600; }
    .state { margin: 0; font-size: 13px; overflow-wrap: anywhere; }
    header button { padding: 6px 10px; }
    header button[aria-pressed=true] { background: #fff; color: #0b57d0; }
    .choices { display: flex; gap: 8px; padding: 8px 12px; border-bottom: 1px solid #e4e7eb; }
    .choices label { flex: 1; min-width: 0; font-size: 13px; }
    select { width: 100%; padding: 5px; border: 1px solid #b9c0c8; border-radius: 6px;
      background: #fff; color: inherit; }
    .thread { flex: 1; overflow-y: auto; margin: 0; padding: 12px; list-style: none;
      display: flex; flex-direction: column; gap: 8px; }
    .thread li { max-width: 82%; padding: 8px 12px; border-radius: 14px; background: #eef1f5;
      align-self: flex-start; white-space: pre-wrap; overflow-wrap: anywhere; }
    .thread li.own { align-self: flex-end; background: #d6e4ff; }
    .thread small { display: block; font-size: 12px; color: #4a5560; }
    .thread img { display: block; max-width: 100%; max-height: 220px; border-radius: 8px; }
    .thread li button { padding: 0; text-decoration: underline; }
    .note { margin: 0; padding: 4px 14px; font-size: 13px; color: #4a5560; min-height: 1.4em; }
    form { display: flex; align-items: flex-end; gap: 4px; padding: 8px;
      border-top: 1px solid #e4e7eb; }
    textarea { flex: 1; height: 60px; resize: none; padding: 8px; border: 1px solid #b9c0c8;
      border-radius: 8px; background: #fff; color: inherit; }
    form button { padding: 8px 10px; }
    form button[type=submit] { background: #0b57d0; color: #fff; }
    @media (prefers-color-scheme: dark) {
      :host { color: #e6e9ed; color-scheme: dark; }
      .panel, select, textarea { background: #1b1f24; border-color: #3a424c; }
      .thread li { background: #2b323b; }
      .thread li.own { background: #12408a; }
      .thread small, .note { color: #aeb7c1; }
      .choices, form { border-color: #3a424c; }
    }
    @media (prefers-reduced-motion: no-preference) {
      .panel { animation: rise 0.15s ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(8px); } }
    }`;

  // --- What the browser remembers. It may remember nothing: then the visitor is new each time.

  const KEY = `tuyen:${app}`;
  const user = site.userId || null;

  function recall() {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY));
      // What a customer of the site wrote is not shown to whoever uses the browser after them.
      if (stored && stored.user === user) return stored;
    } catch { /* nothing can be stored, or it is not ours */ }
    return { user, token: null, wrote: false, quiet: false, seen: 0, told: 0, pending: [] };
  }

  const memory = recall();

  function remember(changes) {
    Object.assign(memory, changes);
    try {
      localStorage.setItem(KEY, JSON.stringify(memory));
    } catch { /* as above */ }
  }

  // --- Talking to the service.

  class Refused extends Error {
    constructor(status, wait) {
      super(`HTTP ${status}`);
      this.status = status;
      this.wait = wait;
    }

    // Whether the same request can succeed later.
    get passes() {
      return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
    }
  }

  async function call(method, path, body, type, signal) {
    const headers = {};
    if (memory.token) headers.Authorization = `Bearer ${memory.token}`;
    if (body !== undefined) headers["Content-Type"] = type || "application/json";
    const content = body === undefined || type ? body : JSON.stringify(body);
    let answer;
    try {
      answer = await fetch(base + path, {
        method, headers, body: content, signal, mode: "cors", credentials: "omit",
        cache: "no-store", referrerPolicy: "no-referrer",
      });
      if (answer.ok) return await answer.json();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0); // no answer, or one that was cut off, or of somebody in between
    }
    throw new Refused(answer.status, Number(answer.headers.get("Retry-After")) || 0);
  }

  let opening = null; // one session at a time, however many requests need it

  function open() {
    opening ??= (async () => {
      const body = { name: site.name || null };
      if (user) Object.assign(body, { user_id: user, user_hash: site.userHash || "" });
      try {
        let session;
        try {
          session = await call("POST", "session", body);
        } catch (error) {
          if (error.status !== 403 || !user) throw error;
          console.warn("tuyen: data-user-hash does not belong to data-user-id");
          session = await call("POST", "session", { name: body.name });
        }
        remember({ token: session.token });
        opened = true;
      } finally {
        opening = null;
      }
    })();
    return opening;
  }

  let opened = false; // a token of an earlier visit is exchanged for a new one once

  async function ask(...request) {
    if (!opened) await open();
    try {
      return await call(...request);
    } catch (error) {
      if (error.status !== 401) throw error;
      remember({ token: null });
      await open();
      return call(...request);
    }
  }

  const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

  // --- The elements.

  function make(name, properties = {}, ...children) {
    const { attributes = {}, ...others } = properties;
    const element = Object.assign(document.createElement(name), others);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function draw(path) {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", path);
    line.setAttribute("fill", "currentColor");
    picture.append(line);
    return picture;
  }

  const count = make("span", { className: "count", hidden: true });
  const launcher = make("button", {
    type: "button", className: "launcher",
    attributes: { "aria-label": words.open, "aria-expanded": "false" },
  }, draw("M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"), count);
  const state = make("p", { className: "state" });
  const quiet = make("button", { type: "button", textContent: words.quiet });
  const close = make("button", {
    type: "button", textContent: "✕", attributes: { "aria-label": words.close },
  });
  const department = make("select");
  const region = make("select");
  const regionLabel = make("label", {}, words.region, region);
  const choices = make("div", { className: "choices", hidden: true },
    make("label", {}, words.department, department), regionLabel);
  const thread = make("ol", { className: "thread", attributes: { role: "log" } });
  const note = make("p", { className: "note", attributes: { role: "status" } });
  const text = make("textarea", {
    maxLength: MOST_CHARACTERS, placeholder: words.write, attributes: { "aria-label": words.write },
  });
  const chosen = make("input", { type: "file", accept: KINDS.join(","), hidden: true });
  const attach = make("button", {
    type: "button", title: words.picture, attributes: { "aria-label": words.picture },
  }, draw("M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zm0 14h16l-5-7-4 5-3-3z"));
  const form = make("form", {}, chosen, attach, text,
    make("button", { type: "submit", textContent: words.send }));
  const panel = make("section", {
    className: "panel", hidden: true, attributes: { role: "dialog", "aria-label": words.title },
  }, make("header", {}, make("div", {}, make("h2", { textContent: words.title }), state),
    quiet, close), choices, thread, note, form);

  const host = make("div", { id: ID });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  root.append(panel, launcher);

  // --- The thread.

  const shown = new Map(); // by the message's id, its element
  let version = "";
  let replies = []; // those that are shown, oldest first

  function isAtEnd(added = 0) {
    return thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40 + added;
  }

  function makePicture(url, name) {
    const picture = make("img", { alt: name, loading: "lazy" });
    picture.addEventListener("load", () => { // it has a height only now
      if (isAtEnd(picture.offsetHeight)) thread.scrollTop = thread.scrollHeight;
    });
    picture.src = url;
    return picture;
  }

  function build(message) {
    const own = message.direction === "out";
    const item = make("li", { className: own ? "own" : "" });
    if (message.agent) item.append(make("small", { textContent: message.agent.name }));
    if (message.text) item.append(message.text);
    for (const file of message.attachments || []) {
      const name = file.name || words.file;
      const url = base + file.url;
      const link = make("a", { href: url, target: "_blank", rel: "noopener noreferrer" });
      link.append(file.kind === "image" ? makePicture(url, name) : name);
      item.append(link);
    }
    const at = new Date(message.at);
    const time = at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
    item.append(make("small", { textContent: time, title: at.toLocaleString(language) }));
    return item;
  }

  function show(view) {
    version = view.version;
    const stays = isAtEnd();
    for (const message of view.messages) {
      if (shown.has(message.id)) continue;
      const item = build(message);
      shown.set(message.id, item);
      const at = Date.parse(message.at);
      item.dataset.at = at;
      // In its place: a reply may be shown after what was written later.
      const later = [...thread.children].find((one) => Number(one.dataset.at) > at);
      thread.insertBefore(item, later || thread.querySelector("[data-pending]"));
    }
    replies = view.messages.filter((one) => one.direction === "in")
      .map((one) => ({ id: one.id, at: Date.parse(one.at) }));
    for (const waiting of [...memory.pending]) {
      if (waiting.id && shown.has(waiting.id)) drop(waiting);
    }
    state.textContent = !view.online ? words.offline
      : view.agent ? words.answers(view.agent.name) : words.online;
    note.textContent = view.typing ? words.typing : "";
    if (stays) thread.scrollTop = thread.scrollHeight;
    look();
  }

  function look() {
    const newest = Math.max(0, ...replies.map((one) => one.at));
    if (!panel.hidden && newest > memory.seen) remember({ seen: newest });
    const unread = replies.filter((one) => one.at > memory.seen).length;
    count.hidden = memory.quiet || !unread || !panel.hidden;
    count.textContent = String(unread);
    launcher.setAttribute("aria-label", count.hidden ? words.open : words.unread(unread));
    thread.setAttribute("aria-live", memory.quiet ? "off" : "polite");
    quiet.setAttribute("aria-pressed", String(memory.quiet));
    tell();
  }

  // --- Receipts: agents see what the visitor has seen, once it stood before their eyes.

  let telling = false;

  function untold() {
    if (panel.hidden || document.visibilityState === "hidden") return null;
    return replies.findLast((one) => one.at > (memory.told || 0));
  }

  async function tell() {
    if (telling) return;
    telling = true;
    let failures = 0;
    for (let reply; (reply = untold());) {
      try {
        await ask("POST", "seen", { message: reply.id });
        remember({ told: reply.at });
        failures = 0;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (!error.passes) remember({ told: reply.at }); // nobody will ever be told
        failures += 1;
        await pause(Math.max(error.wait || 0, Math.min(2 ** failures, 60)));
      }
    }
    telling = false;
  }

  // --- Following it: while the chat is open, or something may still be answered.

  let following = null; // what ends the request that waits

  function wants() {
    if (document.visibilityState === "hidden") return false;
    return !panel.hidden || (memory.wrote && !memory.quiet);
  }

  async function follow() {
    if (following || !wants()) return;
    following = new AbortController();
    const { signal } = following;
    let failures = 0;
    while (!signal.aborted && wants()) {
      try {
        const query = new URLSearchParams({ version, wait: version ? WAIT_S : 0 });
        show(await ask("GET", `thread?${query}`, undefined, undefined, signal));
        failures = 0;
      } catch (error) {
        if (error.name === "AbortError") break;
        if (error instanceof Refused && !error.passes) {
          note.textContent = words.lost;
          break;
        }
        failures += 1;
        if (!panel.hidden) note.textContent = words.lost;
        const longest = Math.min(2 ** failures, 60);
        await pause(Math.max(error.wait || 0, longest * (0.5 + Math.random() / 2)));
      }
    }
    if (following && following.signal === signal) following = null;
  }

  function refollow() {
    if (wants()) follow();
    else if (following) {
      following.abort();
      following = null;
    }
  }

  // --- Writing. What is not sent yet is remembered, and sent again with the same id.

  const pictures = new Map(); // by the id of a message; a browser does not remember them
  const bubbles = new Map();
  let sending = false;

  function makeId() {
    const random = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function bubble(waiting) {
    const item = make("li", { className: "own", attributes: { "data-pending": "" } });
    if (waiting.text) item.append(waiting.text);
    else item.append(waiting.name || words.picture);
    item.append(make("small", { textContent: words.sending }));
    bubbles.set(waiting.client_id, item);
    thread.append(item);
    thread.scrollTop = thread.scrollHeight;
  }

  function drop(waiting) {
    bubbles.get(waiting.client_id)?.remove();
    bubbles.delete(waiting.client_id);
    pictures.delete(waiting.client_id);
    remember({ pending: memory.pending.filter((one) => one !== waiting) });
  }

  function mark(waiting, words_, again) {
    const line = bubbles.get(waiting.client_id)?.querySelector("small");
    if (!line) return;
    line.replaceChildren(words_);
    if (again) {
      const retry = make("button", { type: "button", textContent: words.again });
      retry.addEventListener("click", () => {
        waiting.failed = false;
        mark(waiting, words.sending);
        flush();
      });
      line.append(" ", retry);
    }
  }

  function place() {
    const where = { page_url: location.href.split("#")[0].slice(0, 2048) };
    if (!choices.hidden && department.value) {
      where.department = department.value;
      if (!regionLabel.hidden && region.value) where.region = region.value;
    }
    return where;
  }

  function enqueue(waiting, picture) {
    Object.assign(waiting, { client_id: makeId() }, place());
    if (picture) pictures.set(waiting.client_id, picture);
    remember({ pending: [...memory.pending, waiting], wrote: true });
    bubble(waiting);
    flush();
  }

  async function post(waiting) {
    const { client_id, page_url, department: chosenDepartment, region: chosenRegion } = waiting;
    const where = { client_id, page_url };
    if (chosenDepartment) where.department = chosenDepartment;
    if (chosenRegion) where.region = chosenRegion;
    if (waiting.text) return ask("POST", "messages", { ...where, text: waiting.text });
    const picture = pictures.get(client_id);
    const query = new URLSearchParams({ ...where, name: waiting.name });
    return ask("POST", `pictures?${query}`, picture, picture.type);
  }

  async function flush() {
    if (sending) return;
    sending = true;
    let failures = 0;
    for (;;) {
      const waiting = memory.pending.find((one) => !one.id && !one.failed);
      if (!waiting) break;
      try {
        waiting.id = (await post(waiting)).id;
        mark(waiting, "");
        remember({});
        if (shown.has(waiting.id)) drop(waiting);
        failures = 0;
        follow();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.passes) {
          failures += 1;
          await pause(Math.max(error.wait || 0, Math.min(2 ** failures, 30)));
        } else {
          waiting.failed = true;
          mark(waiting, words.failed, true);
        }
      }
    }
    sending = false;
  }

  function sendText() {
    const written = text.value.trim();
    if (!written) return;
    text.value = "";
    enqueue({ text: written });
  }

  function sendPicture(picture) {
    if (!KINDS.includes(picture.type)) note.textContent = words.kind;
    else if (picture.size > MOST_BYTES) note.textContent = words.large;
    else enqueue({ name: (picture.name || "").slice(0, 100) }, picture);
  }

  // --- Departments and regions, as far as somebody is there (they are asked for at each opening).

  let offered = [];

  function fill(select, items, kept) {
    const options = [make("option", { value: "", textContent: words.any })];
    for (const one of items) options.push(make("option", { value: one.id, textContent: one.name }));
    select.replaceChildren(...options);
    select.value = items.some((one) => one.id === kept) ? kept : "";
  }

  function fillRegions() {
    const found = offered.find((one) => one.id === department.value);
    const regions = (found && found.regions) || [];
    fill(region, regions, memory.region);
    regionLabel.hidden = !regions.length;
  }

  async function offer() {
    try {
      offered = (await call("GET", "departments")).items;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return;
    }
    fill(department, offered, memory.department);
    fillRegions();
    choices.hidden = !offered.length;
  }

  // --- What the visitor does.

  function toggle(isOpen) {
    panel.hidden = !isOpen;
    launcher.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) {
      offer();
      thread.scrollTop = thread.scrollHeight;
      text.focus();
    } else {
      launcher.focus();
    }
    look();
    refollow();
  }

  launcher.addEventListener("click", () => toggle(panel.hidden));
  close.addEventListener("click", () => toggle(false));
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
  });
  quiet.addEventListener("click", () => {
    remember({ quiet: !memory.quiet });
    look();
  });
  department.addEventListener("change", () => {
    remember({ department: department.value, region: "" });
    fillRegions();
  });
  region.addEventListener("change", () => remember({ region: region.value }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendText();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendText();
  });
  text.addEventListener("paste", (event) => {
    const picture = [...event.clipboardData.files].find((one) => KINDS.includes(one.type));
    if (!picture) return;
    event.preventDefault();
    sendPicture(picture);
  });
  attach.addEventListener("click", () => chosen.click());
  chosen.addEventListener("change", () => {
    for (const picture of chosen.files) sendPicture(picture);
    chosen.value = "";
  });
  document.addEventListener("visibilitychange", () => {
    refollow();
    tell();
  });

  function start() {
    document.body.append(host);
    remember({ pending: memory.pending.filter((one) => one.text && !one.id) });
    for (const waiting of memory.pending) {
      waiting.failed = false;
      bubble(waiting);
    }
    look();
    if (memory.pending.length) flush();
    refollow();
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
