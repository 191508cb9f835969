// Which page of whose site this is. Its script tag says so, and what the chat should be like there.

const script = document.currentScript;
const ID = "tuyen-chat";
if (!script || document.getElementById(ID)) return;
// A browser from before 2022 has a page without a chat, not one with an error.
if (!("adoptedStyleSheets" in Document.prototype) || ![].findLast) return;

const HOME = ""; // the address of INGEST, in a copy that another service serves
const own = script.src.replace(/widget\.js(?:[?#].*)?$/, "");
const app = own.split("/").slice(-2)[0];
const base = HOME ? `${HOME}/livechat/${app}/` : own;
const site = script.dataset; // userId, userHash, name, lang, title, greeting

const WAIT_S = 25;
const ANSWER_WITHIN_S = 40; // a network that answers nothing is one that is lost
const PICTURE_WITHIN_S = 120;
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_CHARACTERS = 5000;
const KINDS = ["image/jpeg", "image/png", "image/gif", "image/webp"];
