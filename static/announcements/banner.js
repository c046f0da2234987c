// Fetched by portal/news.js. What is urgent shows on open pages as soon as it is published, and goes when it is confirmed elsewhere or withdrawn.

import { calmly, showCount } from "../realtime/live.js";

const place = document.getElementById("announced");

export const refreshBanner = calmly(
  async () => {
    const answer = await fetch(`${place.dataset.url}?besides=${place.dataset.besides}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return; // the next hint asks again
    const { banner, asked } = await answer.json();
    count(asked);
    const page = new DOMParser().parseFromString(banner, "text/html");
    const fresh = [...page.querySelectorAll(".urgent")];
    if (fresh.map(shown).join() === [...place.querySelectorAll(".urgent")].map(shown).join()) return;
    const back = location.pathname + location.search;
    for (const form of page.querySelectorAll("form")) form.append(hidden("next", back));
    place.replaceChildren(...fresh.map((one) => document.importNode(one, true)));
    const said = document.getElementById("said");
    if (said && fresh.length) said.textContent = fresh[0].querySelector("p").textContent;
  },
  { within: 2_000, apart: 10_000 },
);

const shown = (one) => one.querySelector("a").href;

function hidden(name, value) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name, value });
  return field;
}

function count(number) {
  for (const way of document.querySelectorAll('[data-unread-in="announcements"]')) showCount(way, number ? String(number) : "", number ? String(number) : "");
}
