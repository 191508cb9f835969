// What the visitor does. It makes no sound, and opens only when it is pressed.

const fullScreen = matchMedia("(max-width: 480px), (max-height: 420px)"); // as in the style
const touched = matchMedia("(pointer: coarse)");

function toggle(isOpen) {
  panel.hidden = !isOpen;
  launcher.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) {
    loading.hidden = Boolean(version) || !memory.wrote;
    fit();
    grow();
    offer();
    goToEnd();
    // On a phone its keyboard would cover what there is to read.
    (touched.matches ? panel : text).focus();
  } else {
    launcher.focus();
  }
  look();
  refollow();
}

// A phone's keyboard covers a part of the window, which the page is not told otherwise.
function fit() {
  panel.setAttribute("aria-modal", String(fullScreen.matches));
  const view = window.visualViewport;
  if (!view || view.scale > 1.01) return;
  frame.replaceSync(`:host { --top: ${view.offsetTop}px; --height: ${view.height}px; }`);
}

// Where the chat covers the page, nobody leaves it by the Tab key without seeing where to.
function keepFocus(event) {
  const all = panel.querySelectorAll("button, textarea, select, summary, a[href], .thread");
  const inside = [...all].filter((one) => one.getClientRects().length);
  const [first, last] = [inside[0], inside[inside.length - 1]];
  const now = root.activeElement;
  if (event.shiftKey ? now !== first && now !== panel : now !== last) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

// While a word is being composed (Telex, and others), its keys are not meant for the chat.
function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

launcher.addEventListener("click", () => toggle(panel.hidden));
close.addEventListener("click", () => toggle(false));
panel.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  if (event.key === "Escape") toggle(false);
  else if (event.key === "Tab" && fullScreen.matches) keepFocus(event);
});
quiet.addEventListener("click", () => {
  remember({ quiet: !memory.quiet });
  look();
});
department.addEventListener("change", () => {
  remember({ department: department.value, region: "" });
  fillRegions();
});
region.addEventListener("change", () => {
  remember({ region: region.value });
  sumUp();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendText();
  text.focus();
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
  event.preventDefault();
  sendText();
});
text.addEventListener("input", () => {
  grow();
  note.textContent = text.value.length >= MOST_CHARACTERS ? words.long : "";
});
text.addEventListener("paste", (event) => {
  const found = [...event.clipboardData.files].filter((one) => KINDS.includes(one.type));
  if (!found.length) return;
  event.preventDefault();
  sendPictures(found);
});
panel.addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault();
});
panel.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  sendPictures(event.dataTransfer.files);
});
attach.addEventListener("click", () => chosen.click());
chosen.addEventListener("change", () => {
  sendPictures(chosen.files);
  chosen.value = "";
  text.focus();
});
newer.addEventListener("click", () => {
  goToEnd();
  text.focus();
});

// The page cannot tell that somebody writes here, so its own shortcuts would take the letters, and
// its own dialogs the focus.
for (const kind of ["keydown", "keypress", "keyup", "paste", "focusin"]) {
  host.addEventListener(kind, (event) => event.stopPropagation());
}

function keepDraft() {
  if (text.value !== memory.draft) remember({ draft: text.value });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keepDraft();
  refollow();
  tell();
});
window.addEventListener("pagehide", keepDraft);
window.addEventListener("offline", () => {
  banner.textContent = words.lost;
});
window.addEventListener("online", () => {
  unfollow();
  wake();
  refollow();
});
window.addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  takeOver();
  look();
  refollow();
});
window.visualViewport?.addEventListener("resize", fit);
window.visualViewport?.addEventListener("scroll", fit);

function start() {
  document.body.append(host);
  // A page that changes its whole body, as some do instead of loading another, keeps its chat.
  new MutationObserver(() => {
    if (document.body && !document.getElementById(ID)) document.body.append(host);
  }).observe(document.documentElement, { childList: true });
  const unsent = memory.pending.filter((one) => one.text && !one.id);
  if (unsent.length < memory.pending.length) remember({ pending: unsent });
  for (const waiting of memory.pending) {
    delete waiting.failed;
    present(waiting);
  }
  text.value = memory.draft;
  look();
  if (memory.pending.length) flush();
  refollow();
}

if (document.body) start();
else document.addEventListener("DOMContentLoaded", start);
