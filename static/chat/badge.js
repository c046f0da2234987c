// What is new in rooms, on every page of a member: the count at the place "Chat" and beside the names of rooms. Sends what
// is left unsent, forgets it at sign-out, and opens the dock beside the page.

import { calmly, live, showCount } from "../realtime/live.js";

const UNSENT = "chat.unsent";
const DOCK = "chat.dock";
const YOUNG = 5_000; // a page made so shortly ago is up to date
const chat = live("/chat");
const me = document.documentElement.dataset.me;
const opener = document.querySelector("[data-dock]");
const rooms = new Map(); // id → unread, muted, last (the newest message known)
let isKnown = false;
let drawing = 0;

// The server counts at the place; the way to the dock says the same.
const counted = document.querySelector('[data-unread-in="chat"] .count');
if (opener && counted) opener.append(counted.cloneNode(true));

// ---------- Counting ----------

async function countNow() {
  const answer = await chat.ask("rooms").catch(() => null); // the next connection asks again
  if (!answer?.ok) return;
  isKnown = true;
  const before = new Map(rooms);
  rooms.clear();
  for (const { id, unread, muted } of answer.rooms) rooms.set(id, { unread, muted, last: before.get(id)?.last ?? 0 });
  draw();
}

const count = calmly(countNow, { within: 3_000, apart: 6_000 });

chat.on("changed", ({ room: id, message }) => {
  const room = rooms.get(id);
  if (!room) {
    count();
    return;
  }
  if (message.id <= room.last) return; // a change to an old one
  const isTouched = message.version || message.pinned || message.kept || message.state !== "visible" || Object.keys(message.reactions).length;
  if (isTouched && !room.last) return;
  room.last = message.id;
  if (String(message.author.id) === me) room.unread = 0;
  else room.unread += 1;
  draw();
});
chat.on("read", ({ room, until }) => seen(room, until));
chat.on("rooms", count);
chat.on("purged", count);
document.addEventListener("chat:seen", ({ detail }) => seen(detail.room, detail.until));
chat.ready(() => {
  if (wasReading()) countNow();
  else if (performance.now() > YOUNG || document.querySelector("[data-room]")) count();
  if (isUnsent()) import("./outbox.js").then(({ sendAll }) => document.querySelector(".talk") ?? sendAll(tokenOf()));
});

// The page before told the server what was read while this one was already being made (reading.js).
function wasReading() {
  try {
    const is = sessionStorage.getItem("chat.noted") !== null;
    sessionStorage.removeItem("chat.noted");
    return is;
  } catch {
    return false;
  }
}

function seen(id, until) {
  const room = rooms.get(id);
  if (!room) return;
  if (until >= room.last) {
    room.last = until;
    room.unread = 0;
    draw();
  } else count();
}

// A moment later: what is read as it comes is never shown as new.
function draw() {
  drawing ||= setTimeout(() => {
    drawing = 0;
    if (!isKnown) return;
    const fresh = [...rooms.values()].filter(({ unread, muted }) => unread && !muted).length;
    for (const way of document.querySelectorAll('[data-unread-in="chat"], [data-dock]')) show(way, fresh);
    for (const row of document.querySelectorAll(".switcher [data-room]")) {
      const way = row.querySelector("a");
      if (!way.matches("[aria-current]")) show(way, rooms.get(Number(row.dataset.room))?.unread ?? 0);
    }
  }, 150);
}

function show(way, number) {
  showCount(way, number > 99 ? "99+" : number ? String(number) : "", words.replace("%(num)s", number));
}

const words = opener?.dataset.unread ?? "%(num)s";

// ---------- Unsent ----------

function isUnsent() {
  try {
    return Object.keys(localStorage).some((name) => name.startsWith(UNSENT));
  } catch {
    return false;
  }
}

const tokenOf = () => document.querySelector('[name="csrf_token"]').value;

document.addEventListener("submit", ({ target }) => {
  if (!target.action.endsWith("/sign-out")) return;
  try {
    for (const store of [localStorage, sessionStorage])
      for (const name of Object.keys(store)) if (name.startsWith("chat.")) store.removeItem(name);
  } catch {
    // nothing can have been kept
  }
});

// ---------- The dock comes only where it is wanted ----------

async function dock(isWanted) {
  const { openDock } = await import("./dock.js");
  openDock(opener, isWanted);
}

opener?.addEventListener("click", () => dock(true));
try {
  if (opener && JSON.parse(sessionStorage.getItem(DOCK))?.isOpen) dock(false);
} catch {
  // then it stays closed
}
