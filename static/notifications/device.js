// This browser as a device of its reader: the worker where it is wanted, copies of what was read where they are wanted, and drafts
// that were written without connection. It comes to every page (web/app.js) of a browser that keeps something, or is the installed app.
//
// On this device (localStorage):
//   device.owner           whose things these are: the member who was signed in last
//   device.keeps           "yes" or "no": copies of what was read; if neither, only the installed app keeps them
//   device.pushes          "yes": pushes were switched on here
//   device.draft.<place>   written without connection: {text, whole}; `whole`: all of the field, otherwise to be added to it

const COPIES = "read"; // the cache; its keys are the addresses of the pages
const LIMIT = 20; // pages
const DAYS = 14; // then a copy goes
const WORTH = /^\/(topics|announcements)\/\d+$/; // neither rooms, nor files, nor forms
const HEADERS = { "X-Requested-With": "fetch" };
const DAY = 86_400_000;

const root = document.documentElement;
const me = root.dataset.me;
const isApp = matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;

function read(name) {
  try {
    return localStorage.getItem(`device.${name}`);
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    if (value === null) localStorage.removeItem(`device.${name}`);
    else localStorage.setItem(`device.${name}`, value);
  } catch {
    // a browser that keeps nothing
  }
}

function names(start) {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(`device.${start}`)).map((name) => name.slice(7));
  } catch {
    return [];
  }
}

export const canKeep = "caches" in window && "serviceWorker" in navigator;
export const keeps = () => canKeep && (read("keeps") ?? (isApp ? "yes" : "no")) === "yes";
export { isApp };

/** The worker, started if it is not there. */
export async function worker() {
  await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  return navigator.serviceWorker.ready;
}

/** Keep copies of what is read here, or no more. */
export async function keep(isWanted) {
  write("keeps", isWanted ? "yes" : isApp ? "no" : null);
  write("owner", me);
  if (isWanted) await worker();
  else await caches.delete(COPIES);
}

/** Whether pushes were switched on in this browser, for this reader. */
export const takesPushes = () => read("pushes") === "yes";
export function notePushes(isOn) {
  write("pushes", isOn ? "yes" : null);
  if (isOn) write("owner", me);
}

/** Tell the server where this browser takes pushes. */
export async function tell(subscription) {
  const { endpoint, keys } = subscription.toJSON();
  const body = new URLSearchParams({ csrf_token: token(), endpoint, public_key: keys.p256dh, secret: keys.auth });
  const answer = await fetch("/push-devices", { method: "POST", body, headers: HEADERS });
  if (!answer.ok) throw new Error(String(answer.status));
  write("told", today());
}

const token = () => document.querySelector('[name="csrf_token"]')?.value ?? "";
const today = () => new Date().toISOString().slice(0, 10);

// ---------- Whose device ----------

// A page may stay open while somebody else signs in beside it: what it holds then is neither kept nor sent.
const isMine = () => Boolean(me) && read("owner") === me;

async function ask(what) {
  const registration = await navigator.serviceWorker?.getRegistration("/");
  (registration?.active ?? registration?.waiting)?.postMessage(what);
}

function forgetAll() {
  for (const name of names("")) write(name, null);
  if (!canKeep) return;
  caches.delete(COPIES);
  ask("everything");
}

document.addEventListener("submit", ({ target }) => {
  if (target.action.endsWith("/sign-out")) forgetAll();
});

async function arrive() {
  const owner = read("owner");
  if (owner && owner !== me) forgetAll();
  if (owner === me || keeps()) write("owner", me);
  await sendDrafts();
  window.addEventListener("online", sendDrafts);
  if (!canKeep || !(keeps() || takesPushes())) return;
  const registration = await worker();
  if (takesPushes() && read("told") !== today()) {
    // After a new sign-in, or when the browser changed its address, the server is told anew; once a day in any case.
    const subscription = await registration.pushManager?.getSubscription();
    if (subscription) await tell(subscription);
    else write("pushes", null);
  }
  if (keeps()) await keepCopy();
}

function leave() {
  // Signed out, here or from elsewhere: nothing to read stays. What was written waits for its author.
  write("told", null);
  if (!canKeep) return;
  caches.delete(COPIES);
  ask("read");
}

// ---------- Copies ----------

const plain = (element) => element?.innerText.replace(/\s*\n\s*/g, "\n").trim() ?? "";

function parts() {
  const posts = [...document.querySelectorAll(".posts article[data-number]")];
  if (posts.length) {
    return posts.map((post) => ({ head: plain(post.querySelector(".post-head .who")), text: plain(post.querySelector(".text")) }));
  }
  return [...document.querySelectorAll("main .text")].map((text) => ({ head: "", text: plain(text) }));
}

async function keepCopy() {
  const copies = await caches.open(COPIES);
  for (const request of await copies.keys()) {
    const { at } = await (await copies.match(request)).json();
    if (Date.now() - at > DAYS * DAY) await copies.delete(request);
  }
  if (!WORTH.test(location.pathname)) return;
  const place = document.querySelector("form[data-send][data-draft]")?.dataset.draft ?? "";
  const copy = { title: plain(document.querySelector("main h1")), at: Date.now(), place, lang: root.lang, parts: parts() };
  await copies.delete(location.pathname); // so that it becomes the last
  await copies.put(location.pathname, new Response(JSON.stringify(copy), { headers: { "Content-Type": "application/json" } }));
  for (const request of (await copies.keys()).slice(0, -LIMIT)) await copies.delete(request);
}

// ---------- Drafts ----------

// What is typed into an open page and does not reach the server (writing.js) stays when the page goes, where its reader wants
// things kept.
document.addEventListener("draft", ({ target, detail }) => {
  if (isMine() && keeps()) write(`draft.${target.dataset.draft}`, detail && JSON.stringify({ ...detail, whole: true }));
});

let isSending = false;

async function sendDrafts() {
  if (isSending || !navigator.onLine || !isMine()) return;
  isSending = true;
  try {
    for (const name of names("draft.")) if (await sendDraft(name.slice(6), JSON.parse(read(name)))) write(name, null);
  } catch {
    // no connection after all: with the next page
  } finally {
    isSending = false;
  }
}

async function sendDraft(place, { title = "", text, whole }) {
  const open = document.querySelector(`form[data-send][data-draft="${place}"]`);
  if (open) {
    const field = open.elements.text;
    const all = whole ? text : joined(field.value, text);
    if (all !== field.value) {
      field.value = all;
      field.dispatchEvent(new Event("input", { bubbles: true })); // writing.js brings it to the server
    }
    return true;
  }
  const before = whole ? "" : await draftAt(place);
  if (before === null) return false;
  const body = new URLSearchParams({ csrf_token: token(), place, title, text: joined(before, text) });
  return (await fetch("/drafts", { method: "POST", body, headers: HEADERS })).ok;
}

// What is there already: the form on the topic's page shows it.
async function draftAt(place) {
  const [kind, id] = place.split(":");
  if (kind !== "topic") return "";
  const answer = await fetch(`/topics/${id}/posts/new`, { headers: HEADERS });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector('textarea[name="text"]')?.value ?? "";
}

const joined = (before, after) => (before.includes(after) ? before : [before.trim(), after.trim()].filter(Boolean).join("\n\n"));

if (me) arrive().catch(() => {}); // without connection, or in a browser that allows none of it
else leave();
