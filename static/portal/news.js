// What is new, on every page of a member: the counts beside the spaces and at the bell, and the lists on the page.
//
//   data-unread-in="3"      a way to space 3: its .count is kept
//   data-bell               the bell: its .count is kept
//   data-live               a list that is kept (realtime/lists.js): of "boards" or of "notices". data-board, data-space: only
//                           what happens there matters.

import { calmly, live, showCount } from "../realtime/live.js";

const YOUNG = 5_000; // a page made so shortly ago is up to date
const boards = live("/boards");
const notices = live("/notices");
const bell = document.querySelector("[data-bell]");
const listsOf = (whose) => [...document.querySelectorAll(`[data-live="${whose}"]`)];
const topics = listsOf("boards");
const told = listsOf("notices");
// Few pages have lists: only they fetch what keeps them.
const refresherOf = async (lists) => (lists.length ? (await import("../realtime/lists.js")).refresher(lists) : null);
const fresh = { topics: refresherOf(topics), told: refresherOf(told) };

// ---------- Forums ----------

const countSpaces = calmly(
  async () => {
    const answer = await boards.ask("signs").catch(() => null); // the next connection asks again
    if (answer?.ok) for (const space of answer.spaces) show(space);
  },
  { within: 4_000, apart: 8_000 },
);

function show({ id, shown, said }) {
  for (const way of document.querySelectorAll(`[data-unread-in="${id}"]`)) showCount(way, shown, said);
}

const concerns = (hint) =>
  topics.some(({ dataset }) => (!dataset.board || Number(dataset.board) === hint.board) && (!dataset.space || Number(dataset.space) === hint.space));

const refreshTopics = async () => (await fresh.topics)?.();

boards.on("moved", (hint) => {
  if (String(hint.by) !== document.documentElement.dataset.me) countSpaces();
  if (concerns(hint)) refreshTopics();
});
function lookAtForums() {
  countSpaces();
  refreshTopics();
}
boards.on("read", lookAtForums);
boards.ready(() => {
  if (performance.now() >= YOUNG) lookAtForums();
});

// ---------- The bell ----------

const countNotices = calmly(
  async () => {
    const answer = await notices.ask("count").catch(() => null); // the next connection asks again
    if (answer?.ok && bell) showCount(bell, answer.shown, answer.said);
  },
  { within: 1_500, apart: 4_000 },
);

async function lookAtBell() {
  countNotices();
  (await fresh.told)?.();
}

// What is urgent stands above every page; its script comes when there is something to look at.
const banner = () => import("../announcements/banner.js").then(({ refreshBanner }) => refreshBanner());

// Where many are told at once, they ask one after another.
notices.on("noticed", ({ within = 0 }) => setTimeout(lookAtBell, Math.random() * within * 1000));
notices.on("announced", banner);
notices.ready(() => {
  if (performance.now() < YOUNG) return;
  lookAtBell();
  banner();
});
