// What is new, on every page of a member: the counts beside the spaces, and the lists of topics and boards.
//
//   data-unread-in="3"         a way to space 3: its .count is kept
//   data-live, an id, .fresh   a part of the page with rows (data-row) that is kept: a row changes in its place, and what
//                              would change the order waits for a touch of the button. data-board, data-space: only
//                              what happens there matters.

import { calmly, fetchPage, live, showCount } from "../realtime/live.js";

const YOUNG = 5_000; // a page made so shortly ago is up to date
const boards = live("/boards");
const lists = [...document.querySelectorAll("[data-live]")];

// ---------- Counts ----------

const count = calmly(
  async () => {
    const answer = await boards.ask("signs").catch(() => null); // the next connection asks again
    if (answer?.ok) for (const space of answer.spaces) show(space);
  },
  { within: 4_000, apart: 8_000 },
);

function show({ id, shown, said }) {
  for (const way of document.querySelectorAll(`[data-unread-in="${id}"]`)) showCount(way, shown, said);
}

// ---------- Lists ----------

const refresh = calmly(
  async () => {
    const page = await fetchPage(location.href).catch(() => null);
    for (const list of page ? lists : []) {
      const now = page.getElementById(list.id);
      if (now) update(list, now);
    }
  },
  { within: 2_000, apart: 6_000 },
);

const rowsOf = (list) => [...list.querySelectorAll("[data-row]")];

function update(list, now) {
  const fresh = new Map(rowsOf(now).map((row) => [row.dataset.row, row]));
  const shown = rowsOf(list).map((row) => row.dataset.row);
  for (const row of rowsOf(list)) {
    const next = fresh.get(row.dataset.row);
    if (next && next.outerHTML !== row.outerHTML) replace(row, next.cloneNode(true));
  }
  const order = shown.filter((key) => fresh.has(key)).join();
  const button = list.querySelector(".fresh > .btn");
  button.hidden = [...fresh.keys()].join() === order;
  button.onclick = () => exchange(list, now);
}

function replace(row, next) {
  const isFocused = row.contains(document.activeElement);
  row.replaceWith(next);
  if (isFocused) next.querySelector("a")?.focus({ preventScroll: true });
}

// New rows and another order: only when the reader asks, nothing moves under the finger.
function exchange(list, now) {
  list.replaceChildren(...document.importNode(now, true).childNodes);
  list.scrollIntoView({ block: "nearest" });
  list.querySelector("[data-row] a")?.focus({ preventScroll: true });
}

const concerns = (hint) =>
  lists.some(({ dataset }) => (!dataset.board || Number(dataset.board) === hint.board) && (!dataset.space || Number(dataset.space) === hint.space));

boards.on("moved", (hint) => {
  if (String(hint.by) !== document.documentElement.dataset.me) count();
  if (concerns(hint)) refresh();
});
boards.on("read", () => {
  count();
  if (lists.length) refresh();
});
boards.ready(() => {
  if (performance.now() < YOUNG) return;
  count();
  if (lists.length) refresh();
});
