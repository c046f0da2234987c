// What was seen: noted on the server now and then, and where the reader is: the way to the end, older messages, newer ones.

import { live } from "../realtime/live.js";

const SOON = 400;
const APART = 4_000; // and a little more, so that a full room does not answer all at once
const chat = live("/chat");
const me = document.documentElement.dataset.me;

export function watchReading({ root, id, here, messages, go, signal }) {
  const { log, list } = messages;
  const jump = root.querySelector(".jump");
  let seen = Number(root.dataset.read);
  let noted = seen;
  let fresh = Number(root.dataset.unread) && messages.hasLater ? Number(root.dataset.unread) : 0; // come below what can be seen
  let timer = 0;
  let notBefore = 0;
  let frame = 0;
  let isLoading = false;

  const isLooking = () => document.visibilityState === "visible" && document.hasFocus() && log.checkVisibility();

  function look() {
    frame = 0;
    if (signal.aborted) return;
    if (messages.isAtFoot) fresh = 0;
    drawJump();
    if (isLooking()) see(messages.isAtFoot ? messages.lastId : Number(messages.lastInSight?.dataset.id ?? 0));
  }

  const lookSoon = () => (frame ||= requestAnimationFrame(look));

  function see(messageId) {
    if (messageId <= seen) return;
    seen = messageId;
    document.dispatchEvent(new CustomEvent("chat:seen", { detail: { room: id, until: seen } }));
    const pause = Math.max(notBefore - Date.now(), SOON * (1 + Math.random()));
    timer ||= setTimeout(note, pause);
  }

  async function note() {
    clearTimeout(timer);
    timer = 0;
    if (seen <= noted) return;
    notBefore = Date.now() + APART * (1 + Math.random() / 2);
    const until = seen;
    const answer = await chat.ask("read", { room: id, message: until }).catch(() => null);
    if (answer?.ok) noted = Math.max(noted, until);
    else if (!signal.aborted) timer ||= setTimeout(note, APART * 2);
  }

  // The page goes: now or never.
  function noteAtOnce() {
    clearTimeout(timer);
    timer = 0;
    if (seen <= noted) return;
    noted = seen;
    const body = new URLSearchParams({ csrf_token: root.dataset.token, message: seen });
    try {
      sessionStorage.setItem("chat.noted", "1"); // the next page may be made before this arrives (badge.js)
    } catch {
      // then its badge is a little behind
    }
    fetch(root.dataset.reading, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, keepalive: true }).catch(() => {});
  }

  /** Something came; the reader was at the end of the room, or not. */
  function arrived(data, wasAtFoot) {
    if (String(data.author.id) === me) {
      messages.markNew(null);
    } else if (data.id > seen && !(wasAtFoot && isLooking())) {
      fresh += wasAtFoot ? 0 : 1;
      const line = list.querySelector(":scope > .since");
      const element = messages.find(data.id);
      const isMarked = line && Number(line.nextElementSibling?.dataset.id ?? 0) > noted;
      if (element && element === messages.last && !isMarked) messages.markNew(element);
    }
    lookSoon();
  }

  function drawJump() {
    const isNeeded = messages.hasLater || messages.belowSight > log.clientHeight / 2 || fresh > 0;
    jump.hidden = !isNeeded;
    if (!isNeeded) return;
    const text = fresh === 0 ? jump.dataset.none : fresh === 1 ? jump.dataset.one : jump.dataset.many.replace("%(num)s", fresh);
    const line = jump.querySelector("span");
    if (line.textContent !== text) line.textContent = text;
  }

  function load(event) {
    const link = list.querySelector(`:scope > .${event === "older" ? "older" : "newer"}`);
    if (isLoading || !link || chat.state !== "open") return false;
    isLoading = true;
    const place = event === "older" ? { before: messages.firstId } : { after: messages.lastId };
    link.ariaBusy = "true";
    chat
      .ask(event, { room: id, ...place })
      .catch(() => null)
      .then((answer) => {
        isLoading = false;
        link.ariaBusy = null;
        if (!answer?.ok || signal.aborted) return;
        messages.extend(answer.messages, event === "older" ? { earlier: answer.has_earlier } : { later: answer.has_later });
        lookSoon();
        nearEnds.disconnect();
        watchEnds();
      });
    return true;
  }

  // Older and newer messages come before their link is reached.
  const nearEnds = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) load(target.matches(".older") ? "older" : "newer");
    },
    { root: log, rootMargin: "400px 0px" },
  );

  function watchEnds() {
    for (const link of list.querySelectorAll(":scope > :is(.older, .newer)")) nearEnds.observe(link);
  }

  list.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest(".older, .newer");
      if (link && !event.ctrlKey && !event.metaKey && load(link.matches(".older") ? "older" : "newer")) event.preventDefault();
    },
    { signal },
  );
  jump.addEventListener(
    "click",
    () => {
      if (messages.hasLater) {
        go(here);
        return;
      }
      messages.goToFoot();
      if (messages.last) messages.focus(messages.last);
    },
    { signal },
  );
  log.addEventListener("scroll", lookSoon, { passive: true, signal });
  window.addEventListener("focus", lookSoon, { signal });
  window.addEventListener("pagehide", noteAtOnce, { signal });
  document.addEventListener("visibilitychange", () => (document.hidden ? noteAtOnce() : lookSoon()), { signal });
  const sizes = new ResizeObserver(lookSoon);
  sizes.observe(log);
  const offs = [
    chat.on("read", ({ room, until }) => {
      if (room !== id) return;
      seen = Math.max(seen, until);
      noted = Math.max(noted, until);
    }),
    chat.ready(watchEnds),
  ];
  signal.addEventListener("abort", () => {
    noteAtOnce();
    for (const off of offs) off();
    sizes.disconnect();
    nearEnds.disconnect();
  });

  return { arrived, begin: lookSoon };
}
