// The elements. Created one by one: a strict content security policy allows no HTML from strings.

function make(name, properties = {}, ...children) {
  const { attributes = {}, ...others } = properties;
  const element = Object.assign(document.createElement(name), others);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function draw(name, path) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.setAttribute("class", name);
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
}

function makeButton(className, name, ...children) {
  return make("button", {
    type: "button", className, title: name, attributes: { "aria-label": name },
  }, ...children);
}

const BELL = "M18 9a6 6 0 0 0-12 0c0 6-2.5 7-2.5 7h17S18 15 18 9M10 20a2.2 2.2 0 0 0 4 0";

const count = make("span", { className: "count", hidden: true, attributes: { "aria-hidden": "true" } });
const launcher = makeButton("launcher", words.open,
  draw("talk", "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z"),
  draw("fold", "M5 9l7 7 7-7"), count);
launcher.setAttribute("aria-expanded", "false");

const state = make("p", { className: "state" });
const quiet = makeButton("quiet", words.quiet, draw("loud", BELL), draw("mute", `${BELL}M4 3l16 18`));
const close = makeButton("close", words.close, draw("cross", "M6 6l12 12M18 6L6 18"));
const title = make("h2", { id: "title", textContent: site.title || words.title });

const department = make("select");
const region = make("select");
const regionLabel = make("label", {}, words.region, region);
const topic = make("summary");
const choices = make("details", { className: "choices", hidden: true }, topic,
  make("div", {}, make("label", {}, words.department, department), regionLabel));

const banner = make("p", { className: "banner", attributes: { role: "status" } });
const greeting = make("p", { className: "greeting", textContent: site.greeting || words.greeting });
const away = make("p", { className: "away", hidden: true, textContent: words.offline });
const loading = make("p", { className: "loading", hidden: true, textContent: words.loading });
const list = make("ol", { className: "list" });
const typing = make("p", { className: "typing", attributes: { role: "status" } });
// Messages are read out as they come, once those are there that came before.
const thread = make("div", {
  className: "thread", tabIndex: 0,
  attributes: {
    role: "log", "aria-label": words.messages, "aria-live": "off", "aria-relevant": "additions",
  },
}, greeting, loading, list, away);
const newer = make("button", { type: "button", className: "newer", textContent: words.newer, hidden: true });
const spoken = make("p", { className: "spoken", attributes: { role: "status" } });
const note = make("p", { className: "note", attributes: { role: "status" } });

const text = make("textarea", {
  rows: 1, maxLength: MOST_CHARACTERS, placeholder: words.write, enterKeyHint: "send",
  attributes: { "aria-label": words.write },
});
const chosen = make("input", {
  type: "file", accept: KINDS.join(","), multiple: true, hidden: true,
});
const attach = makeButton("attach", words.picture,
  draw("image", "M5 4h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM3 17l5-5 4 4 3-3 6 6M15.5 9.5h.01"));
const send = makeButton("send", words.send, draw("arrow", "M12 20V5M5 12l7-7 7 7"));
send.type = "submit";
const form = make("form", {}, chosen, attach, text, send);

const panel = make("section", {
  className: "panel", hidden: true, tabIndex: -1, lang: language,
  attributes: { role: "dialog", "aria-labelledby": "title" },
}, make("header", {}, make("div", {}, title, state), quiet, close),
choices, banner, make("div", { className: "middle" }, thread, newer), typing, spoken, note, form);

const host = make("div", { id: ID });
const root = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
const frame = new CSSStyleSheet(); // where the part of the window is that a phone's keyboard leaves
root.adoptedStyleSheets = [sheet, frame];
root.append(panel, launcher);
