// Lists on a page that are kept up to date: data-live (whose they are), an id, rows with data-row, and a .fresh button
// (news() in web/parts.html). A row changes in its place; what would change the order waits for a touch of the button.

import { calmly, fetchPage } from "./live.js";

/** A function that brings these lists up to date soon, once for all calls until then. */
export function refresher(lists) {
  return calmly(
    async () => {
      const page = await fetchPage(location.href).catch(() => null);
      for (const list of page ? lists : []) {
        const now = page.getElementById(list.id);
        if (now) update(list, now);
      }
    },
    { within: 2_000, apart: 6_000 },
  );
}

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
