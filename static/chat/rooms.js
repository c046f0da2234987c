// The list of rooms is kept up to date: a row changes in its place; another order, new rooms and gone ones come only
// while nobody is at the list, so that nothing moves under the finger.

import { calmly, fetchPage, live } from "../realtime/live.js";

const YOUNG = 5_000; // a page made so shortly ago is up to date
const REST = 4_000; // so long after the last touch nobody is at it
const chat = live("/chat");
const list = document.getElementById("rooms");
let touchedAt = 0;
let timer = 0;

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) {
  addEventListener(kind, () => { touchedAt = Date.now(); }, { passive: true });
}
const isAtIt = () => Date.now() - touchedAt < REST || list.contains(document.activeElement);

const refresh = calmly(
  async () => {
    const page = await fetchPage(location.href).catch(() => null); // the next connection asks again
    const now = page?.getElementById("rooms");
    if (now) update(now);
  },
  { within: 600, apart: 3_000 },
);

const rowsOf = (part) => [...part.querySelectorAll("[data-room]")];
const orderOf = (part) => rowsOf(part).map((row) => row.dataset.room).join();

function update(now) {
  clearTimeout(timer);
  const fresh = new Map(rowsOf(now).map((row) => [row.dataset.room, row]));
  for (const row of rowsOf(list)) {
    const next = fresh.get(row.dataset.room);
    if (next && next.outerHTML !== row.outerHTML) replace(row, next.cloneNode(true));
  }
  if (orderOf(now) === orderOf(list)) return;
  if (isAtIt()) timer = setTimeout(update, REST, now);
  else exchange(now);
}

function replace(row, next) {
  const isFocused = row.contains(document.activeElement);
  row.replaceWith(next);
  if (isFocused) next.querySelector("a").focus({ preventScroll: true });
}

function exchange(now) {
  const open = [...list.querySelectorAll("details[open]")].map((part) => part.id);
  list.replaceChildren(...document.importNode(now, true).childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
}

for (const event of ["changed", "rooms", "read", "purged", "room"]) chat.on(event, refresh);
chat.ready(() => {
  if (performance.now() > YOUNG) refresh();
});
