// Chat beside another page: the list of rooms, and one of them, taken out of their own pages. It stays open, in the same
// room, from page to page, and takes its width from the page, so that it covers nothing.

import { calmly, fetchPage, live } from "../realtime/live.js";
import { openRoom } from "./room.js";

const KEPT = "chat.dock";
let dock = null;
let opener = null;
let close = null; // what ends the open room
let hadMenu = false;
const chat = live("/chat");

export function openDock(button, isWanted) {
  opener = button;
  if (dock) {
    shut();
    return;
  }
  for (const name of ["../web/composer.css", "./rooms.css", "./room.css"]) style(new URL(name, import.meta.url).href);
  dock = document.createElement("aside");
  dock.className = "dock";
  dock.id = "dock";
  dock.ariaLabel = button.dataset.dock;
  dock.addEventListener("click", follow);
  dock.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !hadMenu) shut();
  });
  window.addEventListener("keydown", noteMenu, { capture: true });
  document.body.append(dock);
  document.body.classList.add("docked");
  button.setAttribute("aria-expanded", "true");
  button.setAttribute("aria-controls", dock.id);
  const { room } = recall();
  remember({ isOpen: true, room });
  go(room ? `/chat/rooms/${room}` : "/chat", isWanted);
}

// The first Escape closes an open menu; app.js has done so when the dock hears of it.
function noteMenu() {
  hadMenu = Boolean(dock?.querySelector("details.menu[open]"));
}

function style(address) {
  if (document.querySelector(`link[href="${new URL(address).pathname}"], link[href="${address}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
}

function shut() {
  const hadFocus = dock.contains(document.activeElement);
  close?.();
  close = null;
  dock.remove();
  dock = null;
  window.removeEventListener("keydown", noteMenu, { capture: true });
  document.body.classList.remove("docked");
  opener.setAttribute("aria-expanded", "false");
  remember({ ...recall(), isOpen: false });
  if (hadFocus) opener.focus();
}

// Ways to rooms stay in the dock; all others leave the page, as everywhere.
function follow(event) {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || link.matches(".as-page")) return;
  if (!isHere(new URL(link.href))) return;
  event.preventDefault();
  go(link.href, true);
}

const isHere = ({ origin, pathname }) => origin === location.origin && /^\/chat(\/rooms\/\d+)?$/.test(pathname);

async function go(address, isWanted) {
  const way = new URL(address, location.href);
  const { pathname, search, hash } = way;
  if (!isHere(way)) {
    location.assign(address);
    return;
  }
  dock.ariaBusy = "true";
  const page = await fetchPage(pathname + search).catch(() => undefined);
  if (!dock) return;
  dock.ariaBusy = null;
  if (!page) {
    if (page === null && pathname !== "/chat") go("/chat", isWanted); // the room is not for us any more
    else dock.replaceChildren(bar(pathname), text(opener.dataset.lost));
    return;
  }
  close?.();
  close = null;
  const talk = page.querySelector(".talk");
  if (talk) showRoom(document.adoptNode(talk), pathname, hash);
  else showList(page, pathname);
  if (isWanted) (dock.querySelector(".message[tabindex='0']") ?? dock.querySelector("a, button"))?.focus({ preventScroll: true });
}

function showRoom(talk, address, at) {
  remember({ isOpen: true, room: talk.dataset.room });
  const title = talk.querySelector("h1");
  const heading = document.createElement("h2");
  heading.id = title.id;
  heading.className = title.className;
  heading.append(...title.childNodes);
  title.replaceWith(heading);
  dock.replaceChildren(bar(address), talk);
  ({ close } = openRoom(talk, { go: (to) => go(to, false), at }));
}

function showList(page, address) {
  remember({ isOpen: true, room: null });
  const list = document.createElement("div");
  list.className = "dock-list";
  list.append(...[...page.querySelectorAll("#rooms > *")].map((part) => document.adoptNode(part)));
  dock.replaceChildren(bar(address), list);
}

// Rows change in their places; their order only while nobody is at the list.
const refresh = calmly(
  async () => {
    const list = dock?.querySelector(".dock-list");
    const page = list && (await fetchPage("/chat").catch(() => null));
    if (!page || !list.isConnected) return;
    if (!list.matches(":hover, :focus-within")) {
      showList(page, "/chat");
      return;
    }
    for (const row of list.querySelectorAll("[data-room]")) {
      const next = page.querySelector(`[data-room="${row.dataset.room}"]`);
      if (next && next.outerHTML !== row.outerHTML && !row.contains(document.activeElement)) row.replaceWith(document.importNode(next, true));
    }
  },
  { within: 1_500, apart: 4_000 },
);
for (const name of ["changed", "rooms", "read", "purged", "room"]) chat.on(name, refresh);

function bar(address) {
  const row = document.createElement("div");
  row.className = "dock-bar";
  const [title, page, end] = [document.createElement("span"), document.createElement("a"), document.createElement("button")];
  title.textContent = opener.dataset.dock;
  page.href = address;
  page.className = "btn btn-quiet as-page";
  page.textContent = opener.dataset.page;
  end.type = "button";
  end.className = "btn btn-quiet";
  end.textContent = opener.dataset.shut;
  end.addEventListener("click", shut);
  row.append(title, page, end);
  return row;
}

function text(words) {
  const line = document.createElement("p");
  line.className = "dock-list";
  line.textContent = words;
  return line;
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function remember(state) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(state));
  } catch {
    // then it is closed on the next page
  }
}
