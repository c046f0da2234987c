// The page of one announcement: its files show themselves as soon as they can be opened.

import { calmly, fetchPage, live } from "../realtime/live.js";

const YOUNG = 5_000; // a page made so shortly ago is up to date
const article = document.querySelector("[data-announcement]");
const filesIn = (page) => page?.querySelector("[data-announcement] .attached");

const renew = calmly(
  async () => {
    const next = filesIn(await fetchPage(location.href).catch(() => null)); // the next connection asks again
    const now = filesIn(document);
    if (next && now.outerHTML !== next.outerHTML) now.replaceWith(document.adoptNode(next));
  },
  { within: 1_500 },
);

const notices = live("/notices");
notices.on("settled", ({ announcement }) => {
  if (String(announcement) === article.dataset.announcement) renew();
});
notices.ready(() => {
  if (performance.now() >= YOUNG) renew();
});
