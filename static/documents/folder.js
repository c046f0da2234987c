// A folder's page: choosing many at once, and the look at one document beside the list.

import { fetchPage } from "../realtime/live.js";

// ---------- Choosing ----------

const form = document.getElementById("papers");
const all = document.getElementById("pick-all");
const boxes = () => [...form.querySelectorAll(".pick")];
let last = null; // the box that was changed before: with the shift key everything between is changed alike

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  const label = form.querySelector("[data-count]");
  label.dataset.rest ??= label.textContent;
  const { one, many } = form.dataset;
  label.textContent = chosen === 0 ? label.dataset.rest : chosen === 1 ? one : many.replace("%(num)s", chosen);
  all.checked = chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  form.querySelector(".chosen").classList.toggle("any", chosen > 0);
}

if (form && all) {
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    count();
  });
  form.addEventListener("click", (event) => {
    const box = event.target.closest(".pick");
    if (!box) return;
    if (event.shiftKey && last?.isConnected) {
      const row = boxes();
      const [from, to] = [row.indexOf(last), row.indexOf(box)].sort((a, b) => a - b);
      for (const between of row.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    count();
  });
  // With a ZIP the page stays, so the form can be sent again at once.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "zip") setTimeout(() => form.classList.remove("sending"));
  });
  window.addEventListener("pageshow", count);
  count();
}

// ---------- Drawer ----------

const place = document.getElementById("angaben");
let opener = null;

async function open(link) {
  const page = await fetchPage(link.href).catch(() => null);
  const drawer = page?.querySelector(".drawer");
  if (!drawer) {
    location.assign(link.href);
    return;
  }
  opener = link;
  place.replaceChildren(drawer);
  drawer.querySelector("h2").focus();
}

function close() {
  place.replaceChildren();
  const back = opener?.isConnected ? opener : document.querySelector("[data-drawer]");
  back?.focus();
  opener = null;
}

document.addEventListener("click", (event) => {
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  const link = event.target.closest("[data-drawer], [data-drawer-close]");
  if (!link || !plain) return;
  event.preventDefault();
  if ("drawer" in link.dataset) open(link);
  else close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place.firstElementChild) close();
});
