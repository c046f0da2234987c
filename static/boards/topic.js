// A topic being read: what was seen is noted, a quotation goes into the reply without leaving the page, and what others
// write, change and take back meanwhile shows in its place.

import { calmly, fetchPage, live } from "../realtime/live.js";
import { keep } from "./writing.js";

const HEADERS = { "X-Requested-With": "fetch" };
const list = document.querySelector(".posts");
const place = list.dataset;
const me = document.documentElement.dataset.me;
const postAt = (number) => list.querySelector(`[data-number="${number}"]`);

// ---------- What was seen ----------

// The highest number whose end was on the screen, sent after a moment of rest and when the page is left.
let seen = Number(place.seen);
let noted = seen;
let noting = 0;

function note() {
  noting = 0;
  if (seen <= noted) return;
  noted = seen;
  const body = new URLSearchParams({ csrf_token: place.token, number: seen });
  fetch(place.reading, { method: "POST", body, headers: HEADERS, keepalive: true }).catch(() => {
    noted = 0; // tried again with the next post
  });
}

const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen = Math.max(seen, Number(target.dataset.foot));
    watcher.unobserve(target);
  }
  if (seen > noted && !noting) noting = setTimeout(note, 800);
});

// A long post counts once its foot is in sight.
function watch(post) {
  const foot = post.querySelector(".post-foot") ?? post;
  foot.dataset.foot = post.dataset.number;
  watcher.observe(foot);
}

for (const post of list.querySelectorAll("[data-number]")) watch(post);
window.addEventListener("pagehide", note);
document.addEventListener("visibilitychange", () => document.hidden && note());

// ---------- Quoting ----------

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-quote]");
  const field = document.getElementById("text");
  if (!link || !field || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: HEADERS });
    if (!answer.ok) throw new Error(String(answer.status));
    const { text } = await answer.json();
    field.dispatchEvent(new CustomEvent("composer:insert", { detail: { markdown: text } }));
    field.dispatchEvent(new CustomEvent("composer:focus"));
    document.getElementById("reply").scrollIntoView({ block: "nearest" });
  } catch {
    location.assign(link.href);
  }
});

// ---------- What others do meanwhile ----------

const boards = live("/boards");
const topic = Number(place.topic);
const [pageNumber, pageSize] = [Number(place.page), Number(place.pageSize)];
const endOfPage = pageNumber * pageSize;
const address = `${location.pathname}${pageNumber > 1 ? `?page=${pageNumber}` : ""}`;
const arrivals = document.querySelector(".fresh");
const button = arrivals.querySelector(".btn");
const answer = document.getElementById("answer");

let known = Number(place.last); // the number up to which the reader knows of posts, on this page or by its page numbers
let last = known; // … up to which there are posts
let isGone = false;

// Asked at every connect: from here on nothing is missed, and what was missed is in the answer.
async function catchUp() {
  let now;
  try {
    now = await boards.ask("open_topic", { topic, page: pageNumber });
  } catch {
    now = { ok: false };
  }
  if (now.error === "not_found") {
    leave();
  } else if (!now.ok) {
    setTimeout(() => boards.state === "open" && catchUp(), 5_000 * (1 + Math.random()));
  } else if (isGone) {
    location.reload(); // it is back
  } else {
    arrive(now.last_number);
    for (const [number, version, state] of now.posts) change({ number, version, state });
    const shown = [document.querySelector("h1").textContent, place.board, place.closed, place.pinned];
    const is = [now.title, now.board, now.is_closed, now.is_pinned];
    if (shown.join("\n") !== is.join("\n")) renew();
  }
}

// The page is not given any more. Is it the topic, or only this once?
let doubtedAt = 0;

function doubt() {
  if (Date.now() - doubtedAt < 30_000) return;
  doubtedAt = Date.now();
  catchUp();
}

const mine = (fn) => (hint) => hint.topic === topic && !isGone && fn(hint);
boards.ready(catchUp);
boards.on("posted", mine((hint) => {
  stopped(hint.by);
  arrive(hint.number);
}));
boards.on("post_changed", mine(change));
boards.on("topic_changed", mine(() => renew()));
boards.on("moved", (hint) => hint.topic === null && String(hint.board) === place.board && !isGone && renew());

// ---------- New posts ----------

function arrive(number) {
  last = Math.max(last, number);
  offer();
}

// What is being sent from this window leads to a page that shows it.
const isSending = () => document.querySelector("#reply.sending") !== null;

function offer() {
  const count = last - known;
  button.hidden = count <= 0 || isSending();
  if (button.hidden) return;
  const number = known + 1;
  const page = Math.ceil(number / pageSize);
  button.href = `${location.pathname}${page > 1 ? `?page=${page}` : ""}#${number}`;
  button.querySelector("span").textContent = count === 1 ? arrivals.dataset.one : arrivals.dataset.many.replace("%(num)s", count);
}

button.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || Math.ceil((known + 1) / pageSize) !== pageNumber) return;
  event.preventDefault();
  await load().catch(() => {}); // no connection: the button stays, and the line at the foot says why
});

async function load() {
  const number = known + 1;
  const asked = Date.now();
  const page = await fetchPage(part(number, endOfPage));
  if (page === null) return doubt();
  const since = page.getElementById("since");
  if (since && !document.getElementById("since")) list.append(document.adoptNode(since));
  for (const post of page.querySelectorAll(".posts > [data-number]")) {
    if (postAt(post.dataset.number)) continue;
    list.append(document.adoptNode(post));
    watch(post);
    known = Math.max(known, Number(post.dataset.number));
    if (isOlder(post, asked)) blank(post);
  }
  for (const missed of early.splice(0)) change(missed);
  last = Math.max(last, known);
  frame(page);
  offer();
  const first = postAt(number);
  if (!first) return;
  (first.previousElementSibling?.id === "since" ? first.previousElementSibling : first).scrollIntoView({ block: "start" });
  focus(first);
}

const part = (first, until) => `${address}${pageNumber > 1 ? "&" : "?"}first=${first}&last=${until}`;

function focus(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

// ---------- Changed posts ----------

const stale = new Set();
const early = []; // of posts that are on their way to this page
const takenBack = new Map(); // number → when
const refetch = calmly(renewPosts, { within: 1_500 });

function change({ number, version, state, only_files: onlyFiles }) {
  if (state === "visible") takenBack.delete(number);
  else takenBack.set(number, takenBack.get(number) ?? Date.now());
  const post = postAt(number);
  if (!post) {
    if (number > known && number <= endOfPage) early.push({ number, version, state });
    return;
  }
  if (!onlyFiles && post.dataset.state === state && Number(post.dataset.version) >= version) return;
  if (state !== "visible") blank(post);
  stale.add(number);
  refetch();
}

// What was taken back is gone at once; who may see it all the same has it again in a moment.
function blank(post) {
  const text = post.querySelector(".text");
  if (!text || post.dataset.state !== "visible") return;
  text.style.minHeight = `${text.offsetHeight}px`;
  text.replaceChildren();
}

// Asked for before it was taken back, come after.
const isOlder = ({ dataset }, asked) => dataset.state === "visible" && takenBack.get(Number(dataset.number)) >= asked;

async function renewPosts() {
  const numbers = [...stale];
  const asked = Date.now();
  if (!numbers.length) return;
  stale.clear(); // what changes again from here on is asked for again
  const again = (pause, ...missing) => {
    for (const number of missing) stale.add(number);
    setTimeout(refetch, pause);
  };
  let page;
  try {
    page = await fetchPage(part(Math.min(...numbers), Math.max(...numbers)));
  } catch {
    if (boards.state === "open") again(5_000, ...numbers); // else the next connection finds them
    return;
  }
  if (page === null) {
    doubt();
    return;
  }
  for (const number of numbers) {
    const next = page.querySelector(`.posts > [data-number="${number}"]`);
    if (!next || isOlder(next, asked)) continue;
    if (isBusy(postAt(number), next)) again(3_000, number);
    else replace(postAt(number), document.adoptNode(next));
  }
}

// Somebody is at it: an open menu, the focus, marked words. It stays a while; what was taken back does not.
function isBusy(post, next) {
  if (!post || next.dataset.state !== "visible") return false;
  const marked = document.getSelection();
  return (
    (post !== document.activeElement && post.contains(document.activeElement)) || // on the post itself it comes back in `replace`
    post.querySelector("details[open]") !== null ||
    (marked.rangeCount > 0 && !marked.isCollapsed && marked.getRangeAt(0).intersectsNode(post))
  );
}

function replace(post, next) {
  if (!post) return;
  if (post.classList.contains("new") && next.classList.contains("post")) next.classList.add("new");
  const isFocused = post.contains(document.activeElement);
  keepPlace(() => post.replaceWith(next));
  watch(next);
  if (isFocused) focus(next);
}

// The reader's line stays where it is, whatever changes above. Browsers that do this themselves must not do it twice.
function keepPlace(act) {
  const root = document.documentElement;
  const first = [...list.querySelectorAll("[data-number]")].find((post) => post.getBoundingClientRect().bottom > 0);
  const before = first?.getBoundingClientRect().top;
  root.style.overflowAnchor = "none";
  act();
  const after = first && postAt(first.dataset.number)?.getBoundingClientRect().top;
  if (after !== undefined && window.scrollY > 0) window.scrollBy({ top: after - before, behavior: "instant" });
  requestAnimationFrame(() => requestAnimationFrame(() => (root.style.overflowAnchor = "")));
}

// ---------- The topic itself: title, place, open or closed ----------

const renew = calmly(renewTopic, { within: 1_500 });

async function renewTopic() {
  const asked = Date.now();
  let page;
  try {
    page = await fetchPage(address);
  } catch {
    if (boards.state === "open") setTimeout(renew, 5_000);
    return;
  }
  if (page === null) {
    doubt();
    return;
  }
  const now = page.querySelector(".posts").dataset;
  for (const name of ["board", "closed", "pinned"]) place[name] = now[name];
  keepPlace(() => {
    frame(page);
    // What one may do with the posts has changed, too.
    for (const next of page.querySelectorAll(".posts > [data-number]")) {
      const post = postAt(next.dataset.number);
      if (isBusy(post, next)) stale.add(Number(next.dataset.number));
      else if (!isOlder(next, asked)) replace(post, document.adoptNode(next));
    }
  });
  if (stale.size) setTimeout(refetch, 3_000);
  renewAnswer(page.getElementById("answer"));
}

// Everything around the posts, as the server would make it now.
function frame(page) {
  for (const part of ["main > .crumbs", "main > .head"]) {
    const [old, next] = [document.querySelector(part), page.querySelector(part)];
    if (old.querySelector("details[open]")) setTimeout(renew, 3_000);
    else exchange(old, document.adoptNode(next));
  }
  for (const nav of document.querySelectorAll("main > .pages")) nav.remove();
  const [above, below] = page.querySelectorAll("main > .pages");
  if (above) document.querySelector("main > .head").after(document.adoptNode(above));
  if (below) answer.before(document.adoptNode(below));
}

// Whoever is at a link or button there is at the same one afterwards.
function exchange(old, next) {
  const held = old.contains(document.activeElement) && document.activeElement.textContent;
  old.replaceWith(next);
  if (held) [...next.querySelectorAll("a, button, summary")].find((one) => one.textContent === held)?.focus({ preventScroll: true });
}

// A closed topic takes no reply, an opened one does; what was typed stays in the form.
function renewAnswer(next) {
  const form = document.getElementById("reply");
  const nextForm = next.querySelector("form");
  if (form && nextForm) {
    if (form.hidden) answer.replaceChildren(form);
    form.hidden = false;
    form.querySelector("#text-help").textContent = next.querySelector("#text-help").textContent;
  } else if (form) {
    const isFocused = form.contains(document.activeElement);
    const words = document.adoptNode(next).childNodes;
    answer.replaceChildren(...words, ...kept(form), form);
    form.hidden = true;
    if (isFocused) focus(answer.firstElementChild);
    else document.getElementById("said").textContent = answer.firstElementChild.textContent;
  } else {
    answer.replaceChildren(...document.adoptNode(next).childNodes);
    if (nextForm) begin(nextForm);
  }
}

function kept(form) {
  if (!form.elements.text.value.trim()) return [];
  const words = document.createElement("p");
  words.className = "small muted";
  words.textContent = arrivals.dataset.kept;
  return [words];
}

// ---------- Not for this reader any more ----------

function leave() {
  if (isGone) return;
  isGone = true;
  const notice = document.createElement("div");
  notice.className = "notice warning";
  notice.setAttribute("role", "alert");
  const words = document.createElement("div");
  words.textContent = arrivals.dataset.gone;
  notice.append(words);
  list.replaceChildren(notice);
  for (const rest of document.querySelectorAll("main > .pages, .head .actions, .typing, .fresh")) rest.remove();
  // What was typed can still be copied.
  const form = document.getElementById("reply");
  if (form?.elements.text.value.trim())
    for (const part of form.querySelectorAll(":scope > :is(.actions, .files-field)")) part.remove();
  else answer.replaceChildren();
}

// ---------- Who is writing ----------

const SAID_FOR = 5_000;
const SAY_EVERY = 3_000;
const typing = document.querySelector(".typing");
const writers = new Map(); // member → name, until
let forgetting = 0;
let saidAt = 0;

boards.on("typing", mine(({ member, name }) => {
  if (String(member) === me) return;
  writers.set(member, { name, until: Date.now() + SAID_FOR });
  showWriters();
}));
boards.lost(() => {
  writers.clear();
  showWriters();
});

function stopped(member) {
  if (writers.delete(member)) showWriters();
}

function showWriters() {
  clearTimeout(forgetting);
  for (const [member, { until }] of writers) if (until <= Date.now()) writers.delete(member);
  const names = [...writers.values()].map(({ name }) => name);
  const words = typing.dataset[["", "one", "two"][names.length] ?? "many"] ?? "";
  typing.textContent = words
    .replace("%(name)s", () => names[0])
    .replace("%(other)s", () => names[1])
    .replace("%(num)s", names.length - 1);
  if (names.length) forgetting = setTimeout(showWriters, 500);
}

function begin(form) {
  keep(form);
  listen(form);
}

function listen(form) {
  form?.addEventListener("input", () => {
    const isTyped = form.contains(document.activeElement) && form.elements.text.value.trim();
    if (!isTyped || boards.state !== "open" || Date.now() - saidAt < SAY_EVERY) return;
    saidAt = Date.now();
    boards.ask("typing", { topic }).catch(() => {}); // a hint, no more
  });
}

listen(document.getElementById("reply"));
